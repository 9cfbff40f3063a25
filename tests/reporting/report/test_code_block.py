"""Text of files in a page: whatever it holds is shown, and nothing of it is obeyed."""

from __future__ import annotations

import pytest

from pipeline.reporting.page.blocks import Code, Section
from pipeline.reporting.page.rendering import render_page


@pytest.mark.parametrize("folded", [True, False])
def test_lines_are_kept_and_markup_is_text(folded: bool) -> None:
    block = Code("Of <b>it</b>", "a: 1\n  b: '</code></pre><script>x()</script>'\n", folded)
    page = render_page("Run", "", [Section("run", "Run", (block,))])
    assert "<script>x" not in page
    assert "a: 1\n  b: &#39;&lt;/code&gt;&lt;/pre&gt;&lt;script&gt;" in page
    assert 'aria-label="Of &lt;b&gt;it&lt;/b&gt;"' in page
    assert ("<summary>Of &lt;b&gt;" in page) == folded
