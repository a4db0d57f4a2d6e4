"""The reports that take long are kept in the sample, all of them or none."""

from reports import keep


def test_reports_are_kept_with_their_figures(tmp_path, capsys):
    output, sample = tmp_path / "output", tmp_path / "sample"
    output.mkdir()
    names = ["accuracy.md", "accuracy.png", "differences.md", "performance.md",
             "performance_losses.png"]  # fmt: skip
    for name in [*names, "performance.csv", "parity.md"]:
        (output / name).write_text(name)
    assert keep.main(output, sample) == 0
    assert sorted(path.name for path in sample.iterdir()) == names
    assert (sample / "accuracy.md").read_text() == "accuracy.md"
    assert "performance_losses.png" in capsys.readouterr().out


def test_none_is_kept_where_one_was_not_made(tmp_path, capsys):
    (tmp_path / "performance.md").write_text("costs")
    assert keep.main(tmp_path, tmp_path / "sample") == 2
    assert not (tmp_path / "sample").exists()
    assert "No accuracy.md and no differences.md" in capsys.readouterr().err
