-- Opens a file, waits for its diagnostics, applies code actions through Neovim's own client, and saves.
-- The job comes in environment variables: the file, the server's command, and the kinds of actions to apply.
local file = vim.env.TAPEFIX_FILE
local command = vim.split(vim.env.TAPEFIX_COMMAND, "\t")
local only = vim.env.TAPEFIX_ONLY
local line, column = tonumber(vim.env.TAPEFIX_LINE or "1"), tonumber(vim.env.TAPEFIX_COLUMN or "0")

local function fail(message)
  io.stderr:write(message .. "\n")
  vim.cmd("cquit 1")
end

local function work()
  vim.cmd("edit " .. vim.fn.fnameescape(file))
  vim.bo.filetype = "python"
  local client = vim.lsp.start_client({ name = "tapefix", cmd = command, root_dir = vim.fn.fnamemodify(file, ":h") })
  if not client then
    fail("the server did not start")
  end
  vim.lsp.buf_attach_client(0, client)

  local seen = vim.wait(60000, function()
    return #vim.diagnostic.get(0) > 0
  end, 20)
  if not seen then
    fail("no diagnostics")
  end
  for _, found in ipairs(vim.diagnostic.get(0)) do
    io.stdout:write(string.format("%d:%d %s\n", found.lnum + 1, found.col, found.message))
  end

  -- What a user would choose from the menu: the preferred action, or the only one of the kind that was asked for.
  vim.ui.select = function(items, _, choose)
    for index, item in ipairs(items) do
      local action = item.action or item[2]
      if only ~= nil or action.isPreferred then
        return choose(item, index)
      end
    end
    fail("no such code action")
  end

  local before = vim.api.nvim_buf_get_changedtick(0)
  vim.api.nvim_win_set_cursor(0, { line, column })
  vim.lsp.buf.code_action(only and { only = { only }, diagnostics = {} } or nil)
  local changed = vim.wait(60000, function()
    return vim.api.nvim_buf_get_changedtick(0) ~= before
  end, 20)
  if not changed then
    fail("no code action was applied")
  end
  vim.cmd("write")
  vim.lsp.stop_client(client)
  vim.wait(10000, function()
    return vim.lsp.client_is_stopped(client)
  end, 20)
end

local done, message = pcall(work)
if not done then
  fail(message)
end
vim.cmd("qall!")
