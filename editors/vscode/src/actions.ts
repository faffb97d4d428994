// The commands of the palette: each is a code action of the server, chosen by what it does.

/** Commands of the server: each of them runs the user's code. */
export const RUNNING: ReadonlySet<string> = new Set(["tapefix.fixAndVerify", "tapefix.showWhy", "tapefix.showWhyPage"]);

/** The kind under which the server offers to show why, wherever the cursor is. */
export const SHOW_WHY = "source.showWhy.tapefix";

/** The kind under which the server offers to repair all of a notebook; what it offers in a cell is for that cell. */
export const FIX_AND_VERIFY_CELLS = "notebook.source.fixAndVerify.tapefix";

/** What is read of a code action, or of the bare command that an older server may send in its place. */
export interface Action {
  readonly title: string;
  readonly command?: string | { readonly command: string } | undefined;
}

/** The kind that fixes all of a document; a cell is fixed with the whole of its notebook. */
export function fixAllKind(scheme: string): string {
  return scheme === "vscode-notebook-cell" ? "notebook.source.fixAll.tapefix" : "source.fixAll.tapefix";
}

/** The command that an action runs after its edit. */
export function commandOf(action: Action): string | undefined {
  return typeof action.command === "string" ? action.command : action.command?.command;
}

/** The actions that run a command. */
export function withCommand<A extends Action>(actions: readonly A[], command: string): A[] {
  return actions.filter((action) => commandOf(action) === command);
}

/** The actions that are left where nothing may be executed. */
export function withoutRuns<A extends Action>(actions: readonly A[]): A[] {
  return actions.filter((action) => !RUNNING.has(commandOf(action) ?? ""));
}
