// The commands of the palette, for the editor that has the focus.

import * as vscode from "vscode";
import { FIX_AND_VERIFY_CELLS, fixAllKind, SHOW_WHY, withCommand } from "./actions";

/** Where a command works: a document or a cell, and what is selected in it. */
interface Place {
  readonly document: vscode.TextDocument;
  readonly selection: vscode.Range;
}

/** Register the commands that work on the text under the cursor. */
export function registerPalette(): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.commands.registerCommand("tapefix.editor.fixAll", fixAll),
    vscode.commands.registerCommand("tapefix.editor.fixAndVerify", () =>
      runAction("tapefix.fixAndVerify", undefined, FIX_AND_VERIFY_CELLS),
    ),
    vscode.commands.registerCommand("tapefix.editor.showWhy", () => runAction("tapefix.showWhy", SHOW_WHY)),
    vscode.commands.registerCommand("tapefix.editor.showWhyPage", () => runAction("tapefix.showWhyPage", SHOW_WHY)),
  );
}

/** The editor that has the focus; in a notebook whose cells have none, the cell that is selected. */
function activePlace(): Place | undefined {
  const notebook = vscode.window.activeNotebookEditor;
  const cell = notebook?.notebook.getCells(notebook.selection)[0];
  return vscode.window.activeTextEditor ?? (cell && { document: cell.document, selection: whole(cell.document) });
}

function whole(document: vscode.TextDocument): vscode.Range {
  return document.validateRange(new vscode.Range(0, 0, document.lineCount, 0));
}

async function fixAll(): Promise<void> {
  const place = activePlace();
  if (place === undefined) {
    return;
  }
  const { document } = place;
  const [action] = await actionsAt(document, whole(document), fixAllKind(document.uri.scheme));
  if (action === undefined) {
    void vscode.window.showInformationMessage("tapefix: There is nothing to fix that is safe.");
  } else {
    await perform(action);
  }
}

async function runAction(command: string, ...kinds: (string | undefined)[]): Promise<void> {
  const place = activePlace();
  if (place === undefined) {
    return;
  }
  const found = await Promise.all(kinds.map((kind) => actionsAt(place.document, place.selection, kind)));
  const actions = withCommand(found.flat(), command);
  if (actions.length === 0) {
    void vscode.window.showInformationMessage("tapefix: There is nothing here to run.");
    return;
  }
  const chosen =
    actions.length === 1
      ? { action: actions[0] }
      : await vscode.window.showQuickPick(actions.map((action) => ({ label: action.title, action })));
  if (chosen?.action !== undefined) {
    await perform(chosen.action);
  }
}

async function actionsAt(
  document: vscode.TextDocument,
  range: vscode.Range,
  kind?: string,
): Promise<vscode.CodeAction[]> {
  // The number is how many actions are resolved: one without its edit could not be applied.
  const found = await vscode.commands.executeCommand<(vscode.CodeAction | vscode.Command)[] | undefined>(
    "vscode.executeCodeActionProvider",
    document.uri,
    range,
    kind,
    100,
  );
  return (found ?? []).filter((action) => !("arguments" in action)) as vscode.CodeAction[];
}

async function perform(action: vscode.CodeAction): Promise<void> {
  if (action.edit !== undefined && !(await vscode.workspace.applyEdit(action.edit))) {
    void vscode.window.showWarningMessage("tapefix: The text has changed in the meantime; nothing was applied.");
    return;
  }
  if (action.command !== undefined) {
    await vscode.commands.executeCommand(action.command.command, ...(action.command.arguments ?? []));
  }
}
