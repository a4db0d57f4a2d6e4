"""Named arrays kept on disk, bit for bit, as safetensors.

The file carries a checksum of all that it holds, which other readers of the format ignore. A file
from another writer has none, and is read on the format's own checks alone.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors import numpy as safetensors

from shared.weights.checking import Shape, WeightError, check, fault

# What NumPy knows by itself: bfloat16 is read only where another package has been imported.
DTYPES = (
    *("float16", "float32", "float64", "complex64", "bool"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
)
_CHECKSUM = "sha256"


def save(path: str | os.PathLike, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays by name, whole or not at all; the folder is made if need be.

    The file is written beside its place and put there when complete, so that a run that is cut
    short leaves the previous file as it was. One writer at a time.

    Raises:
        WeightError: a name is no text or is taken by the format, or a dtype cannot be read back.
        OSError: the file cannot be written.
    """
    path = Path(path)
    arrays = {name: np.asarray(values) for name, values in arrays.items()}
    for name, values in arrays.items():
        _check_name(path, name)
        _check_dtype(path, name, values)
    # safetensors writes the memory as it lies, whatever the strides say
    arrays = {n: a.astype(a.dtype.newbyteorder("="), order="C") for n, a in arrays.items()}
    content = safetensors.save(arrays, {_CHECKSUM: _checksum(arrays)})
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}~new")
    try:
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)


def load(
    path: str | os.PathLike, expected: Mapping[str, Shape] | None = None
) -> dict[str, np.ndarray]:
    """The arrays of a file by name, those of `expected` names and shapes if these are given.

    Raises:
        WeightError: the file is missing, damaged or of another format, or what it holds is not
            what is expected.

    >>> import tempfile
    >>> path = f"{tempfile.mkdtemp()}/weights.safetensors"
    >>> save(path, {"bias": np.array([-0.0, np.nan], np.float32)})
    >>> load(path, expected={"bias": (2,)})
    {'bias': array([-0., nan], dtype=float32)}
    """
    path = Path(path)
    arrays, stated = _read(path)
    for name, values in arrays.items():
        _check_dtype(path, name, values)
    if stated not in (None, _checksum(arrays)):
        raise WeightError(f"{path}: the numbers are not those that were saved; restore the file.")
    if expected is not None:
        check(str(path), arrays, expected, "load the file of this model, or save it anew")
    return arrays


def _read(path: Path) -> tuple[dict[str, np.ndarray], str | None]:
    try:
        with safe_open(path, framework="np") as file:
            return file.get_tensors(), (file.metadata() or {}).get(_CHECKSUM)
    except OSError as error:
        raise WeightError(f"{path}: cannot be read ({error}); check the path.") from error
    except (SafetensorError, TypeError) as error:  # TypeError: a dtype that NumPy does not know
        found = f"not a whole safetensors file of NumPy's dtypes ({error})"
        raise WeightError(f"{path}: {found}; restore it, or save the weights anew.") from error


def _check_name(path: Path, name: str) -> None:
    if not isinstance(name, str) or name == "__metadata__":
        remedy = "choose another name"
        raise fault(str(path), repr(name), "a text other than '__metadata__'", "this", remedy)


def _check_dtype(path: Path, name: str, values: np.ndarray) -> None:
    if values.dtype.name not in DTYPES:
        remedy = "convert it first; give nested weights by path, as to_torch and to_keras do"
        expected = f"an array of dtype {', '.join(DTYPES)}"
        raise fault(str(path), name, expected, f"dtype {values.dtype.name}", remedy)


def _checksum(arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        values = arrays[name]
        digest.update(f"{name!r} {values.dtype.name} {values.shape}\n".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()
