"""Write every dashboard to grafana/dashboards."""

from grafana.boards import BOARDS, FOLDER, written


def main() -> None:
    """Build all of them anew."""
    for name, board in BOARDS.items():
        (FOLDER / f"{name}.json").write_text(written(board()))


if __name__ == "__main__":
    main()
