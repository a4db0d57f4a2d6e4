"""Plants small faults in the project's own source and reports the share that the checks catch.

Run it with ``python -m parity_tests.faults`` or ``make faults``. A fault is one small change to one
file: a sign, ``>`` for ``>=``, a dropped term, a constant a thousandth too large. The parity checks
that cover the file must then turn red. A fault that they miss is printed: it is either a gap in the
checks, or a change that cannot alter any result. The second kind is listed, with its reason, in
``parity_tests/equivalents.py``.
"""
