;;; Works in Emacs as a person does, who opens a file, waits for the findings, has all of it repaired and saves.  -*- lexical-binding: t -*-

;; In the environment: the file, the client (eglot or lsp-mode), and what the set-up page gives for it.
(package-initialize)
(require (intern (getenv "TAPEFIX_CLIENT")))
(load (getenv "TAPEFIX_PAGE") nil t)

(defun wait-for (what condition)
  "Wait until CONDITION holds; end with an error that names WHAT when it never does."
  (let ((deadline (+ (float-time) (string-to-number (getenv "TAPEFIX_PATIENCE")))))
    (while (not (funcall condition))
      (when (> (float-time) deadline)
        (error "Waited in vain for %s" what))
      (accept-process-output nil 0.05)
      ;; Idle timers and the hooks of commands are what clients hang their work on.
      (sit-for 0.01))))

(defun found ()
  "The diagnostics of the buffer."
  (if (featurep 'lsp-mode)
      (gethash buffer-file-name (lsp-diagnostics))
    (flymake-diagnostics)))

(setq eglot-sync-connect 60
      eglot-confirm-server-initiated-edits nil
      lsp-auto-guess-root t
      lsp-enable-snippet nil
      lsp-enable-file-watchers nil
      lsp-session-file (getenv "TAPEFIX_SESSION"))
(find-file (getenv "TAPEFIX_FILE"))
;; The page's hooks wait for the next command, and in a batch there is none.
(run-hooks 'post-command-hook)
(when (featurep 'lsp-mode)
  (lsp))
(wait-for "the findings" #'found)
(tapefix-fix-all)
(save-buffer)
(wait-for "the findings to go" (lambda () (null (found))))
(kill-emacs 0)
