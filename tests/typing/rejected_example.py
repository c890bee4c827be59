"""What every type checker must reject: the lines marked so, and no other."""


def double(number: int) -> int:
    """Return *number* twice."""
    return number * 2


double(2)
double("2")  # error: a string is no number
double()  # error: the number is missing
double(numer=2)  # error: misspelt
