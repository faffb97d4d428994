// What is said where there is no server, and the way out that is offered with it.

import * as vscode from "vscode";
import { type Choice, INSTALL } from "./interpreter";

const INSTALL_IT = "Install tapefix";
const SELECT = "Select Interpreter";
const SETTINGS = "Open Settings";

/**
 * Say why there is no server; what is chosen to mend it is done, and then the server tried again.
 *
 * @param folder where pip is started; see `machine`.
 */
export async function reportAbsence(
  choice: Extract<Choice, { kind: "absent" }>,
  folder: string,
  again: () => Promise<void>,
): Promise<void> {
  const python = choice.interpreter;
  const commands = await vscode.commands.getCommands(true);
  const buttons = [
    ...(python === undefined ? [] : [INSTALL_IT]),
    ...(commands.includes("python.setInterpreter") ? [SELECT] : []),
    SETTINGS,
  ];
  const answer = await vscode.window.showErrorMessage(choice.message, ...buttons);
  if (answer === INSTALL_IT && python !== undefined) {
    if (await install(python, folder)) {
      await again();
    }
  } else if (answer === SELECT) {
    await vscode.commands.executeCommand("python.setInterpreter");
  } else if (answer === SETTINGS) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "tapefix.");
  }
}

/** Run pip in a terminal, as a process of its own: no shell has to understand the path. Returns whether it worked. */
async function install(python: string, folder: string): Promise<boolean> {
  const task = new vscode.Task(
    { type: "process", task: "install" },
    vscode.TaskScope.Workspace,
    "Install tapefix",
    "tapefix",
    new vscode.ProcessExecution(python, [...INSTALL], { cwd: folder }),
  );
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always };
  const ended = new Promise<boolean>((resolve) => {
    const listener = vscode.tasks.onDidEndTaskProcess((event) => {
      if (event.execution.task.name === task.name && event.execution.task.source === task.source) {
        listener.dispose();
        resolve(event.exitCode === 0);
      }
    });
  });
  await vscode.tasks.executeTask(task);
  return ended;
}
