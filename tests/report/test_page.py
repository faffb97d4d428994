"""The page of many files: as data, and in a real browser that filters, sorts and opens."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select

from tapefix.proof import Judged, Proof
from tapefix.report.lines import visible
from tapefix.report.page import Page, file_of, render, write_report
from tapefix.report.page_data import PageFile, file_data
from tapefix.report.results import FileResult
from tapefix.report.side_by_side import rows
from tapefix.source.errors import SourceError
from tapefix.source.text import SourceText
from tests.cli.running import BROKEN, SOUND, tapefix
from tests.report.test_report import CASES, FINDING, VERIFIED

HOSTILE = '</script><script>document.title = "taken"</script><img src=x onerror="document.title=1">'
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTHS = (1400, 820, 390)


def hostile() -> PageFile:
    before = f"# {HOSTILE} 😀😀\ny = '😀'; z = x.numpy()\n# \u202e\x1b[31m \u2028\n"
    source = SourceText.of(before, f"a{HOSTILE.replace('/', '_')}\n{os.fsdecode(bytes([255]))}.py")
    after = before.replace("x.numpy()", "x")
    finding = replace(FINDING, message=f"`{HOSTILE}`", code="TPF999")
    proof = Proof(before, after, after, (Judged(finding, VERIFIED, True),), (), VERIFIED)
    path = {
        "title": HOSTILE,
        "line": HOSTILE,
        "outcome": HOSTILE,
        "width": 300,
        "height": 200,
        "box": [260, 46],
        "more": 0,
    }
    box = {"title": HOSTILE, "about": HOSTILE, "where": "line 1", "kind": "break", "at": [10, 10]}
    drawn = {**path, "box": [260, 46], "boxes": [box], "arrows": [["M 0 0 L 9 9", True, 0]]}
    result = FileResult(source.name, source, findings=(finding,), proof=proof)
    return PageFile(result, "fixed and verified", HOSTILE, 1.5, [drawn], [HOSTILE])


def page_of(*files: PageFile) -> Page:
    return Page("migrate", "2026-01-01 00:00:00 UTC", 12.5, files, passed_over=3)


def embedded(page: str) -> Any:
    match = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert match is not None
    return json.loads(match[1])


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            assert name not in ("src", "href"), "nothing is fetched"
            assert value is None or "://" not in value


def test_names_and_sources_are_text() -> None:
    page = render(page_of(hostile()))
    tags = Tags()
    tags.feed(page)
    assert tags.found.count("script") == 2 and "img" not in tags.found
    [data] = embedded(page)
    assert data["reason"] == HOSTILE and data["attempts"] == [HOSTILE]
    # What would turn the direction of writing is seen as such, and not obeyed.
    assert "\u202e" not in json.dumps(data["diff"], ensure_ascii=False)


@pytest.mark.parametrize("case", CASES)
def test_every_outcome_has_its_state(case: str) -> None:
    states = {
        "verified": "fixed and verified",
        "written": "fixed and verified",
        "rejected": "refused",
        "written in part": "fixed and verified",
        "not run": "fixed, not verified",
        "not verified, written": "fixed, not verified",
        "failed": "left out",
        "nothing": "unchanged",
    }
    file = file_of(CASES[case][0])
    assert file.state == states[case]
    assert embedded(render(page_of(file))) == [json.loads(json.dumps(file_data(file)))]


texts = st.lists(st.sampled_from(["a = 1", "b = f(x.numpy())", "", "\tc", "é = 😀", "d\r"]), max_size=12).map("\n".join)


@given(texts, texts)
def test_the_rows_of_a_diff_hold_what_goes_and_what_comes(before: str, after: str) -> None:
    found = rows(before, after)
    for side, text in ((0, before), (1, after)):
        lines = text.split("\n")
        shown = [row[side] for row in found if row[side] is not None]
        assert [each[0] for each in shown if each] == sorted({each[0] for each in shown if each})
        assert all(each is not None and each[1] == visible(lines[each[0] - 1]) for each in shown)
    for left, right in found:
        if left is not None and right is not None and len(left) == 2:
            assert left[1] == right[1]
    assert bool(found) == (before != after)


def test_fix_writes_a_report(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(BROKEN, encoding="utf-8")
    (tmp_path / "b.py").write_text("GradientTape = (\n", encoding="utf-8")
    (tmp_path / "c.py").write_text(SOUND, encoding="utf-8")
    done = tapefix("fix", ".", "--no-verify", "--report", "sub/out", cwd=tmp_path)
    assert done.returncode == 2 and "sub/out/index.html: the report" in done.stderr
    data = embedded((tmp_path / "sub" / "out" / "index.html").read_text(encoding="utf-8"))
    assert [(each["name"], each["state"]) for each in data] == [
        ("a.py", "fixed, not verified"),
        ("b.py", "left out"),
        ("c.py", "unchanged"),
    ]
    done = tapefix("fix", ".", "--no-verify", "--report", "a.py/out", cwd=tmp_path)
    assert done.returncode == 2 and "the report cannot be written" in done.stderr


def test_the_folder_s_reason_is_told(tmp_path: Path) -> None:
    (tmp_path / "index.html").mkdir()
    with pytest.raises(SourceError, match="cannot be written"):
        write_report(tmp_path, page_of())


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    driver = shutil.which("chromedriver")
    if CHROMIUM is None or driver is None:
        pytest.skip("Chromium and its driver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1400,900",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    try:
        started = webdriver.Chrome(options=options, service=Service(driver))
    except WebDriverException as error:
        pytest.skip(f"Chromium does not start: {error.msg}")
    yield started
    started.quit()


def opened(browser: webdriver.Chrome, folder: Path, *files: PageFile) -> None:
    browser.get(write_report(folder, page_of(*files)).resolve().as_uri())


def column(browser: webdriver.Chrome, number: int) -> list[str]:
    """What stands in one column of the rows that are seen."""
    rows_seen = "[...document.querySelectorAll('tr[data-index]')].filter(row => !row.hidden)"
    return list(browser.execute_script(f"return {rows_seen}.map(row => row.cells[{number}].innerText)"))


def shown(browser: webdriver.Chrome) -> list[str]:
    return column(browser, 0)


def find(browser: webdriver.Chrome, selector: str) -> WebElement:
    return browser.find_element(By.CSS_SELECTOR, selector)


def many(count: int) -> list[PageFile]:
    kinds = [CASES[case][0] for case in ("verified", "rejected", "not run", "nothing", "failed")]
    named = (replace(kinds[number % 5], name=f"folder{number % 7}/script{number}.py") for number in range(count))
    return [replace(file_of(each), seconds=(number * 37) % 101 / 10) for number, each in enumerate(named)]


def test_two_thousand_files_are_filtered_and_sorted(browser: webdriver.Chrome, tmp_path: Path) -> None:
    files = many(2000)
    opened(browser, tmp_path, *files)
    assert len(shown(browser)) == 2000
    assert find(browser, "#shown").text == "2000 of 2000 files"
    assert not browser.find_elements(By.CSS_SELECTOR, "tr.detail"), "details are made when they are asked for"
    find(browser, "body").send_keys("/")
    browser.switch_to.active_element.send_keys("folder3 script1")
    expected = [f.result.name for f in files if f.result.name.startswith("folder3/script1")]
    assert shown(browser) == expected
    find(browser, 'button[data-state="refused"]').send_keys(Keys.ENTER)
    refused = [f.result.name for f in files if f.state == "refused" and f.result.name in expected]
    assert shown(browser) == refused and refused
    find(browser, "#text").clear()
    find(browser, "#text").send_keys("nowhere to be found")
    assert shown(browser) == [] and find(browser, "#none").is_displayed()
    find(browser, "#text").clear()
    find(browser, "#text").send_keys(" ")
    find(browser, 'button[data-state="refused"]').click()
    Select(find(browser, "#rule")).select_by_visible_text("TPF101")
    assert len(shown(browser)) == sum("TPF101" in f.codes for f in files)
    find(browser, 'button[data-sort="seconds"]').click()
    times = [float(cell or 0) for cell in column(browser, 5)]
    assert times == sorted(times, reverse=True) and times[0] > 0
    assert find(browser, "th.seconds").get_attribute("aria-sort") == "descending"
    find(browser, 'button[data-sort="name"]').click()
    names = shown(browser)
    assert names == sorted(names, key=lambda name: [int(digits) for digits in re.findall(r"\d+", name)])


def test_a_diff_is_opened_by_keys(browser: webdriver.Chrome, tmp_path: Path) -> None:
    opened(browser, tmp_path, file_of(CASES["failed"][0]), hostile(), file_of(CASES["nothing"][0]))
    find(browser, "button.open").send_keys(Keys.ARROW_DOWN)
    button = browser.switch_to.active_element
    assert button.get_attribute("aria-expanded") == "false"
    button.send_keys(Keys.ENTER)
    assert button.get_attribute("aria-expanded") == "true"
    detail = find(browser, "tr.detail")
    marks = [mark.text for mark in detail.find_elements(By.TAG_NAME, "mark")]
    assert "".join(marks) == ".numpy()"
    assert "y = '😀'; z = x.numpy()" in [each.text for each in detail.find_elements(By.CSS_SELECTOR, ".gone")]
    assert "y = '😀'; z = x" in [each.text for each in detail.find_elements(By.CSS_SELECTOR, ".come")]
    cells = [cell.text for cell in detail.find_elements(By.CSS_SELECTOR, ".evidence td")]
    assert cells == ["line 12: d loss / d x", "None", "gradient float32 (2, 3), norm 1.5", "-0.5", "-0.5", "0.01"]
    assert len(detail.find_elements(By.CSS_SELECTOR, "svg g.break")) == 1
    assert HOSTILE in detail.text
    button.send_keys(Keys.SPACE)
    assert not browser.find_elements(By.CSS_SELECTOR, "tr.detail")


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_run_fetched_or_cut_off(browser: webdriver.Chrome, tmp_path: Path, width: int) -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        opened(browser, tmp_path, hostile(), *many(10))
        for button in browser.find_elements(By.CSS_SELECTOR, "button.open"):
            button.send_keys(Keys.ENTER)
        assert len(browser.find_elements(By.CSS_SELECTOR, "tr.detail")) == 11
        assert browser.title == "tapefix migrate: 11 files"
        assert browser.get_log("browser") == []
        wide, seen, fetched = browser.execute_script(
            "return [document.documentElement.scrollWidth, innerWidth, performance.getEntriesByType('resource').length]"
        )
        assert wide <= seen and fetched == 0
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
