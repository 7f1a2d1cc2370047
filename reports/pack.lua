-- Turns the reports' Markdown into pages and PDF. Both renderers use it, before
-- anything else touches the document, so that both give the same.
--
-- Pass 1 makes text of everything that data could smuggle in: raw HTML or TeX,
-- attributes, scripts in links, pictures from elsewhere.
-- Pass 2 writes figures, tables, labels and folded blocks for the format at hand.

local html = FORMAT:match("html") ~= nil
local typst = FORMAT:match("typst") ~= nil

local function escape_html(text)
  return (text:gsub("[&<>\"']", {
    ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;",
  }))
end

local function typst_string(text)
  return '"' .. text:gsub("\\", "\\\\"):gsub('"', '\\"'):gsub("%s+", " ") .. '"'
end

local function raw(text)
  return pandoc.RawInline(html and "html" or "typst", text)
end

local function raw_block(text)
  return pandoc.RawBlock(html and "html" or "typst", text)
end

-- Pass 1 -------------------------------------------------------------------

local function own_figure(source)
  return source:match("^figures/[%w%-_%.]+%.svg$") ~= nil and not source:match("%.%.")
end

local function safe_target(target)
  local scheme = target:match("^%s*([%a][%w+.-]*):")
  if not scheme then return not target:match("^%s*//") end
  scheme = scheme:lower()
  return scheme == "https" or scheme == "http" or scheme == "mailto"
end

local KEPT = { ["fig-alt"] = true, ["fig-narrow"] = true, ["fig-print"] = true }
local DRAWINGS = { "fig-narrow", "fig-print" }

local function strip(element)
  for name in pairs(element.attributes) do
    if not KEPT[name] then element.attributes[name] = nil end
  end
  return element
end

local clean = {
  RawInline = function(element) return pandoc.Str(element.text) end,
  RawBlock = function(element) return pandoc.Para({ pandoc.Str(element.text) }) end,
  Math = function(element) return pandoc.Str(element.text) end,
  Cite = function(element) return element.content end,
  Note = function(element) return pandoc.Span(pandoc.utils.blocks_to_inlines(element.content)) end,
  Span = strip, Div = strip, Header = strip, Code = strip, CodeBlock = strip, Table = strip,
  Link = function(element)
    if not safe_target(element.target) then return element.content end
    return strip(element)
  end,
  Image = function(element)
    if not own_figure(element.src) then return element.caption end
    for _, name in ipairs(DRAWINGS) do
      local other = element.attributes[name]
      if other and not own_figure(other) then element.attributes[name] = nil end
    end
    return strip(element)
  end,
}

-- Pass 2: figures ------------------------------------------------------------

local function only_image(blocks)
  if #blocks ~= 1 then return nil end
  local content = blocks[1].content
  if content and #content == 1 and content[1].t == "Image" then return content[1] end
  return nil
end

local function figure(image, caption, identifier)
  local alt = image.attributes["fig-alt"] or pandoc.utils.stringify(caption)
  local blocks = pandoc.Blocks({})
  if html then
    local id = identifier ~= "" and ' id="' .. escape_html(identifier) .. '"' or ""
    -- Two drawings, of which the stylesheet shows the one for the screen at hand.
    local narrow = image.attributes["fig-narrow"]
    local function drawing(source, class)
      return '<img' .. class .. ' src="' .. escape_html(source) .. '" alt="' .. escape_html(alt) .. '" />\n'
    end
    blocks:insert(raw_block(
      "<figure" .. id .. ">\n" .. drawing(image.src, narrow and ' class="page"' or "")
      .. (narrow and drawing(narrow, ' class="phone"') or "") .. "<figcaption>"))
    blocks:insert(pandoc.Plain(caption))
    blocks:insert(raw_block("</figcaption>\n</figure>"))
  else
    blocks:insert(raw_block(
      "#pack-figure(" .. typst_string(image.attributes["fig-print"] or image.src) .. ", " .. typst_string(alt) .. ")["))
    blocks:insert(pandoc.Plain(caption))
    blocks:insert(raw_block("]"))
  end
  return blocks
end

local function write_figure(element)
  local image = only_image(element.content)
  if not image then return nil end
  local caption = pandoc.utils.blocks_to_inlines(element.caption.long)
  return figure(image, caption, element.identifier)
end

local function write_para(element)
  -- A picture without caption is a paragraph to the reader; it is a figure to us.
  local image = only_image({ element })
  if image then return figure(image, image.caption, image.identifier) end
  return nil
end

-- Pass 2: tables -------------------------------------------------------------

-- What the columns need, in characters: `natural` for rows on one line, `full` for their
-- heads too, `least` so that no word is broken; which hold labels; and the table's rows
-- and characters.
local RANGE = 22 -- characters of a number with its range, at most
local function measures(tbl)
  local natural, least, full, labels, rows, characters = {}, {}, {}, {}, 0, 0
  local function measure(row, head)
    rows = rows + 1
    for number, cell in ipairs(row.cells) do
      local text = pandoc.utils.stringify(cell.contents)
      local length = utf8.len(text) or #text
      local marked = false
      -- Labels are written before tables are, so here they are a raw call.
      cell.contents:walk({
        Span = function() marked = true end,
        RawInline = function(element) marked = marked or element.text:match("^#mark") ~= nil end,
      })
      labels[number] = labels[number] or marked
      -- A label is set wider than text, in a frame, and does not break.
      if marked then length = 1.2 * length + 3 end
      local factor = head and 1.1 or 1
      -- Neither does a range that stands in a column of numbers.
      local aligned = tbl.colspecs[number][1] == "AlignRight" and not head
      local word = (marked or aligned and length <= RANGE) and length * factor or 0
      for part in text:gsub("\u{a0}", "_"):gmatch("%S+") do
        word = math.max(word, (utf8.len(part) or #part) * factor)
      end
      least[number] = math.max(least[number] or 3, word)
      natural[number] = math.max(natural[number] or 3, head and word or length * factor)
      full[number] = math.max(full[number] or 3, length * factor)
      characters = characters + length
    end
  end
  for _, row in ipairs(tbl.head.rows) do measure(row, true) end
  for _, body in ipairs(tbl.bodies) do
    for _, row in ipairs(body.body) do measure(row, false) end
  end
  return natural, least, full, labels, rows, characters
end

local function sum(list)
  local total = 0
  for _, value in ipairs(list) do total = total + value end
  return total
end

-- Characters on a line of the printed page, of the text column and of the wide column.
local PAGE, TEXT, WIDE, PADDING = 116, 96, 128, 2.6
-- The same of a phone, and from where a text stands below its head on a card.
local PHONE, LONG = 44, 40
-- Characters of a text that a printed page keeps with the figure or table after it.
local LEAD = 500

-- Where not all fits on one line: each column gets its longest word, and a share of the
-- rest for its rows; what rows leave over is for the heads.
local function shares(natural, least, full, line)
  local count, base, wish, widths = #natural, {}, {}, {}
  for number = 1, count do
    base[number] = least[number]
    -- Letters are not all of one width, hence a little more than their number.
    wish[number] = math.max(1.12 * natural[number] - least[number], 0)
  end
  local left = math.max(line - PADDING * count - sum(least), 0)
  if left > sum(wish) then
    left = left - sum(wish)
    for number = 1, count do
      base[number] = base[number] + wish[number]
      wish[number] = math.max(full[number] - base[number], 0)
    end
  end
  -- A long text gains less from one more character than a short one: hence the power.
  for number = 1, count do wish[number] = wish[number] ^ 0.9 end
  local wishes = math.max(sum(wish), 1)
  for number = 1, count do
    widths[number] = base[number] + left * wish[number] / wishes + PADDING
  end
  return widths
end

-- Widths for the printed page, where columns that fit take what they need; the rest is for
-- the first that has no labels, or for the longest texts.
local function print_widths(natural, least, full, labels)
  local count, widths = #natural, {}
  local room = PAGE - PADDING * count
  if sum(full) <= room then
    local place = labels[1] and count > 1 and 2 or 1
    for number = 1, count do
      widths[number] = "auto"
      if natural[number] > natural[place] and natural[number] > 30 then place = number end
    end
    widths[place] = "1fr"
    return widths, false
  end
  for number, width in ipairs(shares(natural, least, full, PAGE)) do
    widths[number] = string.format("%.1ffr", width)
  end
  return widths, sum(least) > room
end

local ALIGN = { AlignLeft = "left", AlignRight = "right", AlignCenter = "center" }

-- A call with the caption and then every cell, row by row, the heads first.
local function typst_table(tbl)
  local natural, least, full, labels, rows, characters = measures(tbl)
  local widths, tight = print_widths(natural, least, full, labels)
  -- A small table is kept on one page; a long one breaks between rows.
  local whole = rows <= 7 and characters <= 900
  local aligns = {}
  for number, spec in ipairs(tbl.colspecs) do aligns[number] = ALIGN[spec[1]] or "left" end
  local inlines = pandoc.Inlines({ raw(
    "#pack-table((" .. table.concat(widths, ", ") .. ",), (" .. table.concat(aligns, ", ")
    .. ",), whole: " .. tostring(whole) .. ", tight: " .. tostring(tight) .. ")[") })
  inlines:extend(pandoc.utils.blocks_to_inlines(tbl.caption.long))
  local function add(row)
    for _, cell in ipairs(row.cells) do
      inlines:insert(raw("]["))
      inlines:extend(pandoc.utils.blocks_to_inlines(cell.contents))
    end
  end
  for _, row in ipairs(tbl.head.rows) do add(row) end
  for _, body in ipairs(tbl.bodies) do
    for _, row in ipairs(body.body) do add(row) end
  end
  inlines:insert(raw("]"))
  return pandoc.Para(inlines)
end

-- The first column names its row. Every cell knows its column's head, which a card shows
-- beside it; roles keep the table one where cells are laid out as cards.
local function name_cells(tbl)
  local heads = {}
  local function mark(row, role, first)
    row.attr = pandoc.Attr("", {}, { role = "row" })
    for number, cell in ipairs(row.cells) do
      -- Pairs keep their order: the same run gives the same bytes.
      local attributes = { { "role", role } }
      if role == "columnheader" then
        heads[number] = pandoc.utils.stringify(cell.contents)
        attributes[2] = { "scope", "col" }
      elseif number == 1 then
        attributes = { { "role", first }, { "scope", "row" } }
      else
        attributes[2] = { "data-head", heads[number] }
      end
      local classes = {}
      cell.contents:walk({ Span = function(span)
        if span.classes:includes("label") or span.classes:includes("level") then classes = { "mark" } end
      end })
      if utf8.len(pandoc.utils.stringify(cell.contents)) > LONG then classes = { "long" } end
      cell.attr = pandoc.Attr("", classes, attributes)
    end
  end
  for _, row in ipairs(tbl.head.rows) do mark(row, "columnheader") end
  for _, body in ipairs(tbl.bodies) do
    body.row_head_columns = 1
    for _, row in ipairs(body.body) do mark(row, "cell", "rowheader") end
  end
  tbl.attr = pandoc.Attr("", {}, { role = "table" })
end

local function write_table(tbl)
  -- Widths follow the content, not the dashes of the source.
  for number, spec in ipairs(tbl.colspecs) do tbl.colspecs[number] = { spec[1], nil } end
  if typst then return typst_table(tbl) end
  local natural, least, full = measures(tbl)
  local total = sum(natural)
  local wide = (#tbl.colspecs >= 6 or total > 90) and " wide" or ""
  local line = wide ~= "" and WIDE or TEXT
  if sum(full) > line - PADDING * #natural then
    local widths = shares(natural, least, full, line)
    local all = sum(widths)
    for number, width in ipairs(widths) do
      tbl.colspecs[number] = { tbl.colspecs[number][1], width / all }
    end
  end
  local dense = total > 45 and " dense" or ""
  -- On a phone a table that is wider than it becomes a card for each row.
  local cards = sum(full) + PADDING * #natural > PHONE and " cards" or ""
  name_cells(tbl)
  local caption = pandoc.utils.stringify(tbl.caption.long)
  local name = escape_html(caption ~= "" and caption or "Table")
  return {
    raw_block('<div class="table' .. wide .. dense .. cards
      .. '" role="region" tabindex="0" aria-label="' .. name .. '">'),
    tbl,
    raw_block("</div>"),
  }
end

-- Pass 2: labels and blocks ----------------------------------------------------

local KINDS = {
  safe = "good", ok = "good", passed = "good", approved = "good",
  review = "warn", warn = "warn", limited = "warn",
  never = "bad", ["do-not-infer"] = "bad", infer = "bad", block = "bad", ["not-approved"] = "bad",
  info = "note", ["not-run"] = "bad",
}

local function kind_of(element)
  for _, class in ipairs(element.classes) do
    if KINDS[class] then return KINDS[class] end
  end
  return "note"
end

local function write_span(element)
  if not (element.classes:includes("label") or element.classes:includes("level")) then
    return nil
  end
  local kind = kind_of(element)
  if html then
    element.classes:insert(kind)
    return element
  end
  local inlines = pandoc.Inlines({ raw('#mark("' .. kind .. '")[') })
  inlines:extend(element.content)
  inlines:insert(raw("]"))
  return inlines
end

-- The heading at the start of the block is its summary.
local function summary_of(element)
  local first = element.content[1]
  if not (first and first.t == "Header") then return "Details" end
  element.content:remove(1)
  return pandoc.utils.stringify(first.content)
end

local function write_div(element)
  if element.classes:includes("folded") or element.classes:includes("passed") then
    local summary = summary_of(element)
    if html then
      local blocks = pandoc.Blocks({
        raw_block('<details class="folded">\n<summary>'),
        pandoc.Plain({ pandoc.Str(summary) }),
        raw_block("</summary>"),
      })
      blocks:extend(element.content)
      blocks:insert(raw_block("</details>"))
      return blocks
    end
    -- In print this is the appendix, a file of its own: the heading, and all of it.
    local blocks = pandoc.Blocks({ pandoc.Header(2, pandoc.Inlines(summary)) })
    blocks:extend(element.content)
    return blocks
  end
  if element.classes:includes("statements") then
    -- Statements are numbered, so that a meeting can name them.
    element = element:walk({
      BulletList = function(list) return pandoc.OrderedList(list.content) end,
    })
    if html then return element end
  end
  if typst and #element.classes > 0 then
    local blocks = pandoc.Blocks({ raw_block('#pack-block("' .. element.classes[1]:gsub("[^%w%-]", "") .. '")[') })
    blocks:extend(element.content)
    blocks:insert(raw_block("]"))
    return blocks
  end
  return nil
end

-- Pass 3, PDF only: what leads to a figure or a table stays on its page -----------

local function is_call(block, name)
  if not block then return false end
  local first = block.t == "RawBlock" and block.text
    or block.t == "Para" and block.content[1] and block.content[1].t == "RawInline"
      and block.content[1].text
  return first and first:sub(1, #name + 1) == "#" .. name or false
end

local function keep_together(list)
  local blocks = pandoc.Blocks({})
  for number, block in ipairs(list) do
    local following = list[number + 1]
    local text = (block.t == "Para" or block.t == "BulletList") and not is_call(block, "pack-")
    local length = utf8.len(pandoc.utils.stringify(block)) or 0
    local leads = is_call(following, "pack-figure") or is_call(following, "pack-table")
    -- So does what announces a list.
    if block.t == "Para" and following and following.t == "BulletList" then
      leads = pandoc.utils.stringify(block):match(":$")
    end
    if text and length < LEAD and leads then
      blocks:insert(raw_block("#block(sticky: true)["))
      blocks:insert(block)
      blocks:insert(raw_block("]"))
    else
      blocks:insert(block)
    end
  end
  return blocks
end

return {
  clean,
  { Figure = write_figure, Para = write_para, Table = write_table, Span = write_span },
  { Div = write_div },
  { Blocks = function(list) return typst and keep_together(list) or nil end },
}
