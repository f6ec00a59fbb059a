from programmes.models.programme import Programme, ProgrammeMember

__all__ = ["Programme", "ProgrammeMember"]
