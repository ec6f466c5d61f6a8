"""What SQLAlchemy's suite may ask of a server: all that it knows, or that but for temporary tables."""
import os
from sqlalchemy.testing import exclusions
from sqlalchemy.testing.requirements import SuiteRequirements


class Requirements(SuiteRequirements):
    pass


if os.environ.get("MATRIX_ONLY"):
    for name in ("temporary_views", "temp_table_reflection", "temp_table_names", "has_temp_table"):
        setattr(Requirements, name, property(lambda self: exclusions.closed()))
