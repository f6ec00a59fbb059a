"""Scanning is work left to do, visible in the file's own row."""

from common import jobs
from files import services
from files.enums import ScanState
from files.models import StoredFile


def _quarantine(stored: StoredFile) -> None:
    stored.scan_state = ScanState.FAILED


jobs.register(jobs.job_work(services.WORK, StoredFile, services.scan, task="files.scan", on_failure=_quarantine))
