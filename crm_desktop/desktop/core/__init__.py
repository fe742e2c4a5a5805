"""What every screen stands on. Nothing here knows a service; nothing is a global.

The composition root makes one of each and hands them on:

* `look.Look(resources, scheme, scale)`: colours, fonts, icons. Every widget takes it first.
  `look.theme.<colour>`, `look.theme.tone(Tone.OK).text/soft/border`, `look.font(Role.HEADING)`,
  `look.px(8)`, `look.icon("phone")`, `look.pixmap(...)`; connect `look.changed` to a bound method
  when something is remembered (painting reads it anew anyway). Sheet properties:
  `QPushButton[kind="primary" | "danger" | "quiet"]`, `[invalid="true"]`, `[bare="true"]` and
  `QToolButton[framed="true"]`.
* `tasks.TaskRunner()`: connect `trouble` to the window's error bar, `bug` to `CrashWatch.report`,
  `wrote` to `LiveFeed.publish`. Give presenters `runner.for_owner(view)`.
* `presenting.Tasks` (protocol), `presenting.Presenter` (base), `presenting.ImmediateTasks`
  (tests), `presenting.CancelToken`: free of Qt.
* `live.LiveFeed()`: `start(source)`, signals `changed(Changes)` and `state_changed(FeedState)`.
* `commands.Command` rows and one `commands.CommandRegistry(look, roles)` a window: `add`, `bind`,
  `unbind`, `set_enabled`, `action`, `menu`, `attach(window)`.
* `palette.CommandPalette(look, registry, tasks, providers, window)` and
  `shortcuts.ShortcutSheet(look, registry, window)`.
* `errors.words_for(CrmError)`; `crash.CrashWatch(log)`;
  `accessibility.name/announce/tree/problems`;
  `clock.Clock` (`tick`, `now()`, `set_by(database_now, read_at)`);
  `layout.save_layout/restore_layout`;
  `words` (times, counts, initials; Qt-free).

Connect bound methods of QObjects, never lambdas, to signals; carry values as `Signal(object)`.
"""
