"""`make differences`: what it writes and prints, and what it says of an entry that is not so."""

import pandas as pd

from parity_tests import differences as catalogue
from parity_tests.differences.entry import ALIGNED
from reports import differences

PAGES = {"differences.csv", "differences.md", "differences.html", "porting.md", "porting.html"}


def test_an_area_is_measured_and_written(tmp_path, capsys):
    assert differences.main(["--only", "activation_kinks", "--output", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == PAGES
    frame = pd.read_csv(tmp_path / "differences.csv", keep_default_na=False)
    entries = catalogue.catalogue("activation_kinks")
    assert frame["id"].tolist() == [entry.id for entry in entries]
    assert set(frame["verified"]) == {"yes"}
    page, guide = ((tmp_path / f"{name}.html").read_text() for name in ("differences", "porting"))
    for entry in entries:
        assert f'id="{entry.id}"' in page and (f'id="{entry.id}"' in guide) == entry.diverges
    assert f"{sum(e.diverges for e in entries)} differences measured" in capsys.readouterr().out


def test_an_entry_that_is_no_longer_so_fails_the_command(tmp_path, capsys, monkeypatch):
    entries = catalogue.catalogue("activation_kinks")
    entry = next(e for e in entries if e.diverges and set(ALIGNED) <= set(e.functions))
    monkeypatch.setitem(entry.functions, "in_torch", entry.functions["torch_as_keras"])
    monkeypatch.setattr(catalogue, "catalogue", lambda *areas: [entry])
    assert differences.main(["--output", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert f"{entry.id}: by default they no longer differ" in said and "1 entry not as said" in said
    assert "by default they no longer differ" in (tmp_path / "differences.html").read_text()


def test_an_unknown_area_is_answered_with_the_known_ones(tmp_path, capsys):
    assert differences.main(["--only", "colours", "--output", str(tmp_path)]) == 2
    assert "no area is called colours: there are activations, " in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
