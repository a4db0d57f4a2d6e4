"""Arrays come back from disk bit for bit; what cannot be written or read is refused by name."""

import os
import stat
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import save_file

from shared.weights import WeightError, load, save

RNG = np.random.default_rng(0)
BITS = {  # of every kind: NaN payloads, infinities, subnormal numbers
    dtype: RNG.integers(256, size=(40, np.dtype(dtype).itemsize), dtype=np.uint8).view(dtype)[:, 0]
    for dtype in ("float16", "float32", "float64", "complex64", "int64", "uint8")
}
ARRAYS = {
    **BITS,
    "signed zeros": np.array([-0.0, 0.0]),
    "subnormal": np.array([5e-324, -1e-310]),
    "NaN": np.array([0x7FF8000000000001, 0x7FF0000000000002, 0xFFF8DEAD00000000], "u8").view("f8"),
    "0-d": np.array(2.5, np.float32),
    "scalar": np.float64(-0.0),
    "empty": np.zeros((3, 0, 2), np.float16),
    "yes and no": np.array([True, False]),
    "block/hidden/kernel": RNG.normal(size=(2, 3)),
    "größe": RNG.normal(size=2),
    "": RNG.normal(size=2),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.safetensors"


def refused(function, *arguments):
    with pytest.raises(WeightError) as caught:
        function(*arguments)
    said = str(caught.value)
    assert "\n" not in said and said.endswith(".")
    return said


def test_every_bit_comes_back(path):
    save(path, ARRAYS)
    arrays = load(path)
    assert arrays.keys() == ARRAYS.keys()
    for name, values in ARRAYS.items():
        assert arrays[name].dtype == values.dtype and arrays[name].shape == values.shape
        assert arrays[name].tobytes() == values.tobytes(), name


def test_numbers_are_saved_as_they_read_whatever_their_memory_looks_like(path):
    values = np.arange(24.0).reshape(4, 6)
    views = {
        "transposed": values.T,
        "every other": values[::2, ::-3],
        "repeated": np.broadcast_to(values[0], (3, 6)),
        "other byte order": values.astype(">f8"),
        "column by column": np.asfortranarray(values),
    }
    save(path, views)
    for name, loaded in load(path).items():
        np.testing.assert_array_equal(loaded, views[name])
        assert loaded.dtype == np.float64


def test_the_same_arrays_give_the_same_file(path, tmp_path):
    save(path, ARRAYS)
    save(tmp_path / "again", dict(reversed(ARRAYS.items())))
    assert path.read_bytes() == (tmp_path / "again").read_bytes()


def test_loaded_arrays_are_the_callers_own(path):
    save(path, {"a": np.zeros(2)})
    arrays = load(path)
    arrays["a"][:] = 1
    assert not load(path)["a"].any()


def test_folders_are_made_and_rights_are_those_of_any_new_file(tmp_path):
    save(tmp_path / "new" / "folder" / "w", {})
    (tmp_path / "plain").touch()
    rights = [stat.S_IMODE(os.stat(tmp_path / p).st_mode) for p in ("new/folder/w", "plain")]
    assert rights[0] == rights[1] and load(tmp_path / "new/folder/w") == {}


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_save_that_is_cut_short_leaves_the_last_file_and_nothing_else(path, monkeypatch, step):
    save(path, {"a": np.ones(3)})
    before = path.read_bytes()

    def fail(*arguments):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="no space left"):
        save(path, {"a": np.zeros(5)})
    assert path.read_bytes() == before and os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize(
    "arrays, said",
    [
        ({"a": np.array(["x"])}, "found dtype str"),
        ({"a": np.zeros(2, np.complex128)}, "found dtype complex128"),
        ({"hidden": {"kernel": np.zeros(2)}}, "hidden: expected an array of dtype float16, "),
        ({"a": None}, "a: expected an array of dtype float16, "),
        ({3: np.zeros(2)}, "3: expected a text other than '__metadata__', "),
        ({"__metadata__": np.zeros(2)}, "'__metadata__': expected a text other than "),
    ],
)
def test_what_would_not_come_back_is_not_saved(path, arrays, said):
    message = refused(save, path, arrays)
    assert message.startswith(f"{path}, ") and said in message
    assert not path.exists()


def test_every_changed_byte_of_the_numbers_and_every_missing_end_is_seen(path):
    save(path, {"kernel": np.arange(4.0), "bias": np.ones(2, np.float32)})
    whole = path.read_bytes()
    start = 8 + int.from_bytes(whole[:8], "little")
    for place in range(start, len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert refused(load, path).startswith(f"{path}: the numbers are not those that were saved")
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert refused(load, path).startswith(f"{path}: not a whole safetensors file")


def test_a_damaged_header_is_refused_or_harmless(path):
    arrays = {"kernel": np.arange(4.0), "bias": np.ones(2, np.float32)}
    save(path, arrays)
    whole = path.read_bytes()
    for place in range(8 + int.from_bytes(whole[:8], "little")):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            loaded = load(path)
        except WeightError as error:
            assert str(error).startswith(f"{path}: ")
        else:
            assert loaded.keys() == arrays.keys()
            assert all(loaded[n].tobytes() == arrays[n].tobytes() for n in arrays)


def test_a_file_that_another_program_wrote_is_read(path):
    save_file({"a": np.arange(3.0)}, path, {"format": "np"})
    np.testing.assert_array_equal(load(path, {"a": (3,)})["a"], [0.0, 1.0, 2.0])


def test_a_missing_file_a_folder_and_foreign_contents_are_refused(path, tmp_path):
    assert refused(load, path).startswith(f"{path}: cannot be read (No such file or directory")
    assert refused(load, tmp_path).startswith(f"{tmp_path}: cannot be read (")
    for content in (b"", b"kernel, bias\n1, 2\n", b"\x93NUMPY\x01\x00"):
        path.write_bytes(content)
        said = refused(load, path)
        assert said.startswith(f"{path}: not a whole safetensors file of NumPy's dtypes (")
        assert said.endswith("restore it, or save the weights anew.")


def test_a_dtype_that_numpy_lacks_is_refused_whether_or_not_a_package_adds_it(path):
    header = b'{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}'
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\0\0")
    assert "found dtype bfloat16; convert it first" in refused(load, path)  # TensorFlow adds it
    read = f"import shared.weights; shared.weights.load({str(path)!r})"
    run = subprocess.run([sys.executable, "-c", read], capture_output=True, text=True)
    assert "WeightError" in run.stderr and "bfloat16" in run.stderr


@pytest.mark.parametrize(
    "expected, said",
    [
        ({"kernel": (3, 2)}, "kernel: expected shape (3, 2), found shape (2, 3); "),
        ({"kernel": (2, 3), "bias": (3,)}, "bias: expected a tensor of shape (3,), found only ker"),
        ({}, "kernel: expected nothing, found one more, of shape (2, 3); "),
    ],
)
def test_a_file_of_another_model_is_refused(path, expected, said):
    save(path, {"kernel": np.zeros((2, 3))})
    assert refused(load, path, expected).startswith(f"{path}, {said}")
    assert load(path, {"kernel": (2, 3)}).keys() == {"kernel"}
