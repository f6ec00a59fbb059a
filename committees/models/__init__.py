from committees.models.committee import Committee, CommitteeMember

__all__ = ["Committee", "CommitteeMember"]
