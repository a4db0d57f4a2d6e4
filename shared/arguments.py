"""How a call's arguments are put in order, so that both halves read a call alike."""

import inspect


def in_order(function):
    """A function of (arguments, options) that gives all arguments of a call by position.

    Defaults are filled in. Plain tuples and names only, so that compilers can trace through it.

    >>> order = in_order(lambda x, slope=0.01: None)
    >>> order((3.0,), {}), order((3.0,), {"slope": 0.2})
    ((3.0, 0.01), (3.0, 0.2))
    """
    parameters = inspect.signature(function).parameters
    names = tuple(parameters)
    defaults = {n: p.default for n, p in parameters.items() if p.default is not p.empty}
    required = frozenset(names) - frozenset(defaults)

    def order(arguments, options):
        if not options and len(arguments) == len(names):
            return arguments
        given = {**dict(zip(names, arguments, strict=False)), **options}
        clash = len(given) < len(arguments) + len(options)
        if clash or not required <= given.keys() or not given.keys() <= set(names):
            inspect.signature(function).bind(*arguments, **options)  # Python's own TypeError
        return tuple(given[n] if n in given else defaults[n] for n in names)

    return order


def positions(function, chosen):
    """Where arguments stand in a signature: that many leading ones, or those of the names given.

    >>> loss = lambda y_true, y_pred, reduction="mean": None
    >>> positions(loss, 2), positions(loss, ("y_pred",))
    ((0, 1), (1,))

    Raises ValueError for a name that the function does not have.
    """
    names = tuple(inspect.signature(function).parameters)
    if isinstance(chosen, int):
        return tuple(range(min(chosen, len(names))))
    unknown = [name for name in chosen if name not in names]
    if unknown:
        raise ValueError(f"{function.__name__} has no {', '.join(unknown)}, only {names}")
    return tuple(names.index(name) for name in chosen)


def put(arguments, places, values):
    """The arguments with others in these places.

    >>> put(("a", "b", "c"), (0, 2), ("x", "z"))
    ('x', 'b', 'z')
    """
    changed = dict(zip(places, values, strict=True))
    return tuple(changed.get(place, value) for place, value in enumerate(arguments))
