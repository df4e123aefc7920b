"""Problems with a known optimum, to compare searches on; `suite.py` names them all."""
