"""Patterns of files that are content."""

from __future__ import annotations

import pytest

from domain.content_paths import DEFAULT, is_content


@pytest.mark.parametrize(
    ("pattern", "fits", "not_so"),
    [
        ("blog/*.md", ["blog/a.md", "Blog/A.MD"], ["blog/a/b.md", "x/blog/a.md", "blog/a.mdx", "blog/amd"]),
        ("blog/**", ["blog/a.md", "blog/a/b.md"], ["blog", "blogs/a.md", "weblog/a.md"]),
        ("**/blog/**", ["blog/a", "x/y/blog/z/a"], ["weblog/a", "src/blog.py"]),
        ("docs/**/news.md", ["docs/news.md", "docs/a/b/news.md"], ["docs/anews.md", "news.md"]),
        ("post-?.md", ["post-1.md"], ["post-10.md", "post-/.md"]),
        ("a.b+c(d).md", ["a.b+c(d).md"], ["aXb+c(d).md"]),
    ],
)
def test_a_pattern_fits_what_it_says_and_nothing_else(pattern: str, fits: list[str], not_so: list[str]) -> None:
    assert [path for path in fits + not_so if is_content(path, [pattern])] == fits


def test_without_a_word_blogs_and_changelogs_are_content() -> None:
    fits = ["blog/new.md", "content/blog/2026/post.mdx", "CHANGELOG.md", "docs/changelog", "CHANGES.rst"]
    not_so = ["src/blog.py", "src/changelog_test.py", "weblog/x.md", "changelogs/x"]
    assert [path for path in fits + not_so if is_content(path, DEFAULT)] == fits


def test_without_patterns_nothing_is() -> None:
    assert not is_content("blog/new.md", [])
