"""Up to which outcomes hyperparameters are learned: functions of the number of outcomes alone."""

OFTEN, SELDOM = 20, 100  # outcomes until which they are learned after each one; and until which
# after each tenth part, from then on after each twentieth to tenth
FEW, BETWEEN = 16, 8  # outcomes at the first doubling; and milestones from one to the next
CROWDED = 4  # of those, where a crowd of trials runs


def dense(n: int) -> int:
    """The last milestone of n outcomes with few trials running."""
    if n < SELDOM:
        return n - n % (1 if n < OFTEN else n // 10)
    return n - n % (SELDOM // 10 << ((n // SELDOM).bit_length() - 1))


def doubled(n: int, first: int = FEW) -> int:
    """The last of `first` and its doubles that n outcomes have reached; 0 before the first."""
    return 0 if n < first else first << ((n // first).bit_length() - 1)


def sparse(n: int, between: int = BETWEEN) -> int:
    """The last milestone of n outcomes with many trials running; each doubling is one."""
    return n - n % max(doubled(n) // between, 1)
