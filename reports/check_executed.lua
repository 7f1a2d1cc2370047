-- Stops a render of notebooks that were not executed: they would come out blank.
-- Quarto runs this before it renders a project and names the files in the environment.

local function executed(cell)
  if cell.cell_type ~= "code" then return true end
  local source = cell.source
  if type(source) == "table" then source = table.concat(source) end
  if not tostring(source):match("%S") then return true end
  return math.type(cell.execution_count) ~= nil
end

local files = os.getenv("QUARTO_PROJECT_INPUT_FILES") or ""
for path in files:gmatch("[^\n]+") do
  if path:match("%.ipynb$") then
    local file = assert(io.open(path, "r"))
    local notebook = pandoc.json.decode(file:read("a"), false)
    file:close()
    for _, cell in ipairs(notebook.cells) do
      if not executed(cell) then
        io.stderr:write(
          path .. ": not executed, so it would render as a blank report.\n"
          .. "Make a pack with 'mmm refresh params/NAME.yaml'; it uses Quarto by itself.\n")
        os.exit(1)
      end
    end
  end
end
