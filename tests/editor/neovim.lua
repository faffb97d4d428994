-- Works in Neovim as a person does, who opens a file, waits for the findings, takes an action and saves. The task is a
-- file of JSON named by TAPEFIX_TASK; what was seen goes to the file that it names.
local task = vim.fn.json_decode(vim.fn.readfile(vim.env.TAPEFIX_TASK))
local seen = { messages = {}, offered = {} }

local function wait_for(what, condition)
  if not vim.wait(task.patience * 1000, condition, 20) then
    error("waited in vain for " .. what)
  end
end

local function work()
  vim.notify = function(message)
    table.insert(seen.messages, message)
  end
  -- The menu of actions: the first one of the kind that the task asks for is taken, of the repairs a preferred one.
  vim.ui.select = function(items, options, choose)
    for _, item in ipairs(items) do
      seen.offered[#seen.offered + 1] = options.format_item(item)
    end
    for index, item in ipairs(items) do
      local action = item.action or item[2]
      if action.kind == task.kind and (task.kind ~= "quickfix" or action.isPreferred) then
        return choose(item, index)
      end
    end
  end

  vim.cmd("edit " .. vim.fn.fnameescape(task.file))
  local buffer = vim.api.nvim_get_current_buf()
  wait_for("diagnostics", function()
    return #vim.diagnostic.get(buffer) > 0
  end)
  seen.diagnostics = vim.diagnostic.get(buffer)

  local before = vim.api.nvim_buf_get_changedtick(buffer)
  if task.command ~= "" then
    vim.cmd(task.command)
  else
    local first = seen.diagnostics[1]
    vim.api.nvim_win_set_cursor(0, { first.lnum + 1, first.col })
    vim.lsp.buf.code_action()
  end
  wait_for("the edit", function()
    return vim.api.nvim_buf_get_changedtick(buffer) > before
  end)

  vim.cmd("write")
  wait_for("the findings to go", function()
    return #vim.diagnostic.get(buffer) == 0
  end)
end

local worked, problem = xpcall(work, debug.traceback)
seen.problem = worked and "" or problem
vim.fn.writefile({ vim.fn.json_encode(seen) }, task.seen)
-- Neovim stops its language servers when it ends.
vim.cmd(worked and "qall!" or "cquit")
