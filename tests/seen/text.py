"""A page as plain text: what a person reads, chooses among and can press, one line a line, without its frame."""

from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
UNSEEN = {"script", "style", "template", "head"}
INLINE = {"a", "abbr", "b", "button", "cite", "code", "em", "i", "input", "kbd", "label", "mark", "output", "q", "rect"}
INLINE |= {"small", "span", "strong", "sub", "sup", "svg", "time", "var"}
TOLD = ("lang", "title", "role", "aria-label", "aria-sort")
INDENTED = {"form", "details", "blockquote"}
MARKS = {"h1": "# ", "h2": "## ", "h3": "### ", "h4": "#### ", "li": "- ", "caption": "Table: ", "legend": "Choose: "}
MANY = 12  # options of which only the first and the chosen are told
# Classes that only place or size something; every other one is told, as it says how something looks.
PLACING = {"actions", "apart", "body", "btn", "bullets", "by", "card", "checks", "chk", "choices", "cols-main"}
PLACING |= {"conds", "confirm", "corner", "crumbs", "dl", "empty", "entrance", "facts", "field", "filters"}
PLACING |= {"filters-box", "fits", "flush", "form-card", "form-note", "fs-row", "full", "gh", "goods", "grid"}
PLACING |= {"group", "grow", "hint", "k", "legend", "mark", "mb5", "messages", "meta", "mono", "mt2", "mt3"}
PLACING |= {"mt4", "mt5", "muted", "narrow", "narrow-wide", "nav", "nowrap", "num", "opt", "optional"}
PLACING |= {"page-head", "people", "post-form", "pre", "prose", "push", "queue", "ref", "row", "rule", "scroll"}
PLACING |= {"seg", "sm", "small", "stack", "stack-s", "stackable", "stages", "sub", "table", "terms", "tight"}
PLACING |= {"timeline", "title", "top", "two", "up", "v", "wide-rows", "wrap", "xs", "code"}


class Element:
    def __init__(self, tag, given):
        self.tag, self.given, self.inside = tag, given, []

    def all(self, *tags):
        for one in self.inside:
            if isinstance(one, Element):
                if one.tag in tags:
                    yield one
                yield from one.all(*tags)

    def has(self, **given):
        return all(self.given.get(name.rstrip("_")) == value for name, value in given.items())


class Tree(HTMLParser):
    """The elements of a page that our templates close in their order."""

    def __init__(self, html):
        super().__init__()
        self.open = [Element("", {})]
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        element = Element(tag, dict(attrs))
        self.open[-1].inside.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.open[-1].inside.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag in {element.tag for element in self.open}:
            while self.open.pop().tag != tag:
                pass

    def handle_data(self, data):
        self.open[-1].inside.append(data)


class Lines:
    def __init__(self):
        self.done, self.line, self.depth = [], "", 0

    def say(self, text):
        """Goes on with the line."""
        self.line += text

    def end(self, begin=""):
        """The line is over; another begins so. White space counts once, and a mark without words is no line."""
        text = " ".join(self.line.split())
        if text and text not in {mark.strip() for mark in MARKS.values()}:
            self.done.append("  " * self.depth + text)
        self.line = begin


def told(html):
    """The page's title and body, without what stands on every page."""
    root = Tree(html).open[0]
    lines = Lines()
    for title in root.all("title"):
        _inside(title, lines)
        lines.end()
    for body in root.all("body"):
        for part in body.inside:
            if isinstance(part, Element) and not _frame(part):
                _tell(part, lines)
    lines.end()
    return lines.done


def frame(html):
    """What stands on every page."""
    lines = Lines()
    for body in Tree(html).open[0].all("body"):
        for part in body.inside:
            if isinstance(part, Element) and _frame(part):
                _tell(part, lines)
    lines.end()
    return lines.done


def _frame(part):
    classes = (part.given.get("class") or "").split()
    return bool({"topbar", "strip", "foot", "skip", "defs"} & set(classes)) or part.has(id="live")


def _looks(element):
    """How it looks and what it says beside its words: {tag ok}, {lang zh-Hans}, {current page}."""
    given = element.given
    said = [name for name in (given.get("class") or "").split() if name not in PLACING]
    said += [
        f"{name}={given[name]}" for name in ("lang", "title", "role", "aria-label", "aria-sort") if given.get(name)
    ]
    said += [f"{name.removeprefix('aria-')}" for name in ("aria-current", "aria-disabled", "hidden") if name in given]
    return f"{{{' '.join(' '.join(said).split())}}} " if said else ""


def _inside(element, lines):
    for part in element.inside:
        if isinstance(part, str):
            lines.say(part)
        else:
            _tell(part, lines)


def _within(element, between=" / "):
    """All that is inside, in one line."""
    lines = Lines()
    _inside(element, lines)
    lines.end()
    return between.join(line.strip() for line in lines.done)


def _tell(element, lines):
    tag, given = element.tag, element.given
    if tag in UNSEEN or (tag == "svg" and not _drawn(element, lines)):
        return
    if tag == "a":
        lines.say(f" {_looks(element)}[{_within(element)}]({given.get('href', '')}) ")
    elif tag == "button":
        sends = f" {given['name']}={given.get('value', '')}" if given.get("name") else ""
        lines.say(f" {_looks(element)}<{_within(element)}{sends}> ")
    elif tag == "input":
        _input(element, lines)
    elif tag in ("select", "datalist"):
        _select(element, lines)
    elif tag == "textarea":
        lines.end(f"{_named(element)}{_words(element)}]")
        lines.end()
    elif tag == "tr":
        cells = [cell for cell in element.inside if isinstance(cell, Element)]
        lines.end(_looks(element) + " | ".join(_looks(cell) + _within(cell) for cell in cells))
        lines.end()
    elif tag == "dt":
        lines.end(f"{_looks(element)}{_within(element)}: ")
    elif tag == "dd":
        lines.say(f" {_looks(element)}{_within(element)} ")
        lines.end()
    elif tag in ("br", "hr"):
        lines.end()
    elif tag in INLINE:
        lines.say(_looks(element) and f" {_looks(element)}")
        _inside(element, lines)
        lines.say(_looks(element) and " ")
    else:
        _block(element, lines)


def _block(element, lines):
    tag, given = element.tag, element.given
    begins_item = lines.line == MARKS["li"]
    if not begins_item:
        lines.end()
    if tag == "form":
        lines.end(f"{given.get('method', 'get').upper()} {given.get('action', '')} {given.get('enctype', '')}")
        lines.end()
    if tag == "details":
        lines.end("[open]" if "open" in given else "[folded]")
    if tag != "summary" and not begins_item:
        lines.end(MARKS.get(tag, ""))
    lines.say(_looks(element))
    lines.depth += tag in INDENTED
    _inside(element, lines)
    lines.end()
    lines.depth -= tag in INDENTED


def _drawn(element, lines):
    """A picture by its words, a gauge by its bars."""
    if element.given.get("aria-label"):
        lines.say(f" ({element.given['aria-label']}) ")
    for bar in element.all("rect"):
        if bar.given.get("class", "gap") != "gap" and element.has(class_="track"):
            lines.say(f" ={bar.given['class']} from {bar.given.get('x')}, {bar.given.get('width')}= ")
    return False


def _named(element):
    given = element.given
    more = [name for name in ("required", "disabled", "readonly", "multiple", "autofocus") if name in given]
    more += [
        f"{name}:{given[name]}"
        for name in ("placeholder", "maxlength", "min", "max", "step", "inputmode", "autocomplete", "accept")
        if name in given
    ]
    kind = given.get("type", "text")
    kind = "" if kind == "text" or element.tag != "input" else f"{kind} "
    return f"{_looks(element)}[{kind}{' '.join(more) + ' ' if more else ''}{given.get('name') or given.get('id')}="


def _words(element):
    return "".join(part for part in element.inside if isinstance(part, str)).strip().replace("\n", "\\n ")


def _input(element, lines):
    kind, value = element.given.get("type", "text"), element.given.get("value") or ""
    if element.given.get("name") in ("csrfmiddlewaretoken", "typed_by"):
        return
    if element.given.get("name") == "key" and kind == "hidden":
        value = "drawn"
    if kind in ("radio", "checkbox"):
        chosen = "x" if "checked" in element.given else " "
        lines.end()
        lines.say(f"({chosen}) {_named(element).removeprefix(f'[{kind} ')}{value}: ")
    else:
        lines.end(f"{_named(element)}{value}]")
        lines.end()


def _select(element, lines):
    options = list(element.all("option"))
    words = [("*" if "selected" in one.given else "") + _within(one) for one in options]
    values = [f"{one}={option.given.get('value', '')}" for one, option in zip(words, options, strict=True)]
    if len(values) > MANY:
        values = [f"{len(values)} from {values[0]} to {values[-1]}", *(one for one in values if one.startswith("*"))]
    lines.end(f"{_named(element)}{'; '.join(values)}]")
    lines.end()
