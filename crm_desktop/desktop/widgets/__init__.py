"""Reusable widgets: they know the look and plain values, never a service. Each takes `look` first.

* `text.Text(look, text, Role.BODY, tone=, muted=, wrap=, selectable=)`, `text.ElidedText`.
* `pill.Pill(look, text, tone, icon)`, `pill.Avatar(look, name)`, `pill.IconTile(look, icon, tone)`.
* `card.Card(look, tone, title).body`, `card.Surface(look, sunken=)`, `card.Divider`,
  `card.PanelHeader(look, title, detail).add(button)`, `card.SectionHeader`.
* `buttons.Button(look, text, kind=Kind.PLAIN|PRIMARY|DANGER|QUIET, icon=, key=)`, `PrimaryButton`,
  `IconButton(look, icon, spoken_name)`; `Button.follow(action)` makes it a command's button.
* `chips.FilterChips(look, name).set_chips([Chip(key, text, icon, count, spoken)])`, `chosen(keys)`.
* `tabs.TabStrip(look, name).add(key, text, count)`, `chosen(key)`; `flow.FlowLayout`.
* `search_field.SearchField(look, name, hint=, key=)`: `asked(text)`, `moved(step)`, `left()`.
* `rows.Row`, `row_list.RowList(look, name).set_rows(rows)`: `opened(key)`, `current(key)`;
  `row_list.Timeline`; `rows.RowsModel` applies any new list by differences.
* `ticking.CellTicker(clock, view, column, role)` repaints the cells whose clock moved.
* `banner.Banner(look, tone, icon, text, detail, wide=, closable=)`, `banner.ErrorBar`,
  `banner.UndoToast.offer(text)`: `undone`, `lapsed`.
* `half_hour_chart.HalfHourChart(look, name).set_bars([Bar(label, came, expected, needed, says)],
  now, summary)`; `duration_entry.DurationEntry(look, name)`: `seconds()`, `changed`.
* `states.EmptyState`, `states.Busy.begin(text)/end()`; `key_values.KeyValueGrid.set_rows(pairs)`.
* `rail.NavigationRail.add(Place(key, text, icon))`, `status.StatusStrip.set_part(key, text)` with
  `.light.set_state(FeedState)`, `presence.PresenceButton.set_state(presence, activity, next)`.
* `composer.Composer`: `mode`, `text()`, `insert()`, `unfilled()`, `set_files()`, `edited(mode)`.
* `attachments.AttachmentStrip(look, removable=).set_files([AttachedFile(key, name, type, size)])`.
* `mail_view.MailView.show_text(reply, whole)`, `.show_html(sanitised, {cid: bytes})`,
  `link_opened(address)`.
* `figure_tile.FigureTiles(look).show_figures([figure_words.shown(found, figure, now)])`:
  `opened(figure)`; `figure_tile.FigureTile` is one of them.
* `painting.paint_pill/paint_text/paint_icon/paint_tile/paint_box/paint_focus`, `pill_size`,
  `text_width`, `text_height`: for delegates and whatever draws itself.
"""
