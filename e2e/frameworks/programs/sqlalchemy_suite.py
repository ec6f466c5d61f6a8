"""The suite that SQLAlchemy ships for dialects."""
from sqlalchemy.testing.suite import *  # noqa
