"""What Streamlit holds of uploads: counted before it arrives, and freed when nobody is there."""

from __future__ import annotations

from typing import cast

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from attnviz.ui.kit import visitor as visitors
from attnviz.ui.server.held import FileStorage, HeldUploads, UploadQuota

MB = 2**20


class Server:
    """Streamlit's own store of uploads, tabs that are open, and a clock to turn."""

    def __init__(self, quota: UploadQuota) -> None:
        self.files = MemoryUploadedFileManager("/uploads")
        self.tabs = {"ann", "bob", "cid"}
        self.people: dict[str, str] = {}
        self.now = 1000.0
        self.held = HeldUploads(
            cast(FileStorage, self.files),
            self.tabs.__contains__,
            quota,
            lambda session: self.people.get(session, ""),
            lambda: self.now,
        )

    def send(self, session: str, name: str, size: int) -> str:
        """A file that arrives; what the server answers if it refuses it."""
        if reason := self.held.begin(session, size):
            return reason
        self.files.add_file(session, UploadedFileRec(name, name, "", bytes(size)))
        self.held.end(session, size)
        return ""

    def names(self, session: str) -> list[str]:
        return sorted(self.files.file_storage.get(session, {}))


@pytest.fixture
def server() -> Server:
    return Server(UploadQuota(10 * MB, 3, 25 * MB))


def test_files_of_closed_tabs_count_for_who_sent_them_until_they_go(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    tabs = {one: (f"{one}'s token", "issuer 7") for one in ("ann", "bob", "cid")}
    monkeypatch.setattr(visitors, "_TABS", tabs)
    server.held.owner = visitors.person_of
    assert server.send("ann", "a", 8 * MB) == ""
    server.tabs.remove("ann")
    for _ in range(2):
        server.held.sweep()
        seen = visitors.visitors_of(server.held.is_open, server.held.holding())
        assert seen == {"bob's token", "cid's token"}
        assert "Your tabs have sent more than" in server.send("bob", "a", 8 * MB)
        server.now += 30
    server.now += 30
    server.held.sweep()
    visitors.visitors_of(server.held.is_open, server.held.holding())
    assert set(tabs) == {"bob", "cid"}
    assert server.send("bob", "a", 8 * MB) == ""


def test_a_tab_has_so_many_bytes_and_files(server: Server) -> None:
    assert server.send("ann", "huge", 10 * MB + 1) == "A file may have 10 MB here."
    assert server.send("ann", "a", 6 * MB) == ""
    assert "This tab has sent more than" in server.send("ann", "b", 4 * MB + 1)
    assert server.send("ann", "b", 4 * MB) == ""
    assert server.send("bob", "a", 10 * MB) == ""  # one's tab is not another's
    server.files.remove_file("ann", "a")  # as a page does that has taken it
    assert server.send("ann", "c", 1 * MB) == ""
    assert server.send("ann", "d", 1) == ""
    assert "more files than" in server.send("ann", "e", 1)
    assert server.names("ann") == ["b", "c", "d"]


def test_tabs_of_one_person_count_together_where_people_sign_in(server: Server) -> None:
    server.people = {"ann": "issuer 7", "bob": "issuer 7", "cid": "issuer 8"}
    assert server.send("ann", "a", 6 * MB) == ""
    assert server.held.begin("bob", 3 * MB) == ""  # on its way
    assert "Your tabs have sent more than" in server.send("ann", "b", 2 * MB)
    assert server.send("ann", "b", 1 * MB) == ""
    assert "Your tabs have sent more files" in server.send("bob", "c", 0)
    assert server.send("cid", "a", 10 * MB) == ""  # another person's
    assert server.send("new", "a", 3 * MB) == ""  # nobody has signed in to it yet


def test_files_on_their_way_count_and_so_do_those_of_all(server: Server) -> None:
    assert server.held.begin("ann", 10 * MB) == ""
    assert "This tab has sent more than" in server.held.begin("ann", 1)
    assert server.held.begin("bob", 10 * MB) == ""
    assert "The server holds too many uploads" in server.held.begin("cid", 6 * MB)
    server.held.end("ann", 10 * MB)  # its sender gave up
    assert server.held.begin("cid", 6 * MB) == ""


def test_a_closed_tab_is_freed_after_a_minute_and_one_that_came_back_is_not(
    server: Server,
) -> None:
    for session in ("ann", "bob"):
        server.send(session, "photo", MB)
        server.tabs.discard(session)
    server.held.sweep()
    server.now += 40
    server.tabs.add("bob")
    server.held.sweep()
    assert (server.names("ann"), server.names("bob")) == (["photo"], ["photo"])
    server.now += 20
    server.tabs.discard("bob")  # again: its minute begins anew
    server.held.sweep()
    assert (server.names("ann"), server.names("bob")) == ([], ["photo"])
    server.now += 60
    server.held.sweep()
    assert server.names("bob") == []


def test_of_large_files_a_tab_has_the_newest_alone() -> None:
    server = Server(UploadQuota(10 * MB, 9, 25 * MB, large=4 * MB))
    assert server.send("ann", "photo", 1 * MB) == ""
    assert server.send("ann", "old", 7 * MB) == ""
    assert server.send("bob", "other", 7 * MB) == ""
    assert server.send("ann", "new", 8 * MB) == ""  # the old one makes way: both would be too much
    assert "A file may have" in server.send("ann", "huge", 11 * MB)  # which moves nothing
    assert server.held.begin("cid", 9 * MB) == ""
    assert "too many uploads" in server.send("ann", "later", 9 * MB)  # nor what finds no room
    server.held.end("cid", 9 * MB)
    assert server.names("ann") == ["new", "photo"]
    assert server.held.begin("bob", 5 * MB) == server.held.begin("bob", 5 * MB) == ""
    for name in ("first", "second"):  # they arrive at the same time
        server.files.add_file("bob", UploadedFileRec(name, name, "", bytes(5 * MB)))
    server.held.end("bob", 5 * MB)
    server.held.end("bob", 5 * MB)
    assert server.names("bob") == ["second"]


def test_what_no_page_takes_goes_after_an_hour(server: Server) -> None:
    server.send("ann", "old", MB)
    server.held.sweep()
    server.now += 1800
    server.send("ann", "new", MB)
    server.held.sweep()
    server.now += 1800
    server.held.sweep()
    assert server.names("ann") == ["new"]


def test_on_ones_own_computer_a_file_stays_in_its_box_until_the_tab_is_closed() -> None:
    server = Server(UploadQuota.of_one_person())
    server.send("ann", "zip", MB)
    server.held.sweep()
    server.now += 24 * 3600
    server.held.sweep()
    assert server.names("ann") == ["zip"]
    server.tabs.remove("ann")
    server.held.sweep()
    server.now += 60
    server.held.sweep()
    assert server.names("ann") == []


def test_eight_tabs_may_be_full_and_photos_that_are_chosen_together_stay_together() -> None:
    assert UploadQuota.of_megabytes(20) == UploadQuota(20 * MB, 64, 160 * MB)
    quota = UploadQuota.of_megabytes(400, 100 * MB)
    server = Server(quota)
    assert [server.send("ann", name, 100 * MB) for name in "abc"] == ["", "", ""]
    assert server.names("ann") == ["a", "b", "c"]
