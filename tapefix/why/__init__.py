"""Why a gradient is `None`: the account that a traced run gives of every query without an answer."""

from tapefix.why.account import Break, Cause, Place, QueryAccount, SourceAccount, Step, Thing
from tapefix.why.explaining import Explanation, explain

__all__ = ["Break", "Cause", "Explanation", "Place", "QueryAccount", "SourceAccount", "Step", "Thing", "explain"]
