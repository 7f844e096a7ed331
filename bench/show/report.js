/* The report's own script. The page is whole without it; it adds what a reader does with the page:
 * compare, filter, drop, sort, highlight, link to what is shown. Its figures are in #data.
 *
 * All but the first screen stands in <noscript>, which a browser with scripts takes for plain text: so
 * the first screen is there at once. The sections are made of that text while nothing else is to do. */
'use strict';
(() => {
    const $ = (selector, root = document) => [...root.querySelectorAll(selector)];
    const element = (tag, attributes = {}, ...children) => {
        const e = Object.assign(document.createElement(tag), attributes);
        e.append(...children);
        return e;
    };

    const data = JSON.parse(document.getElementById('data').textContent);
    const VALID = 0, LIMITED = 1;
    const points = new Map(data.points.map(([model, column, state, text, low, rate, high, blocks]) =>
        [`${model},${column}`, {state, text, low, rate, high, blocks}]));
    const point = (model, column) => points.get(`${model},${column}`);
    const nameOf = (model) => data.models[model][0];

    /* What the reader chose. All of it is in the address, so that it can be handed on. */
    const view = {service: '', every: false, compare: -1, families: new Set(), rows: new Set(), columns: new Set()};

    /* The median, and an interval of two order statistics: as stats_spread() of bench/base/stats.h. */
    function spread(values) {
        const v = values.filter(Number.isFinite).sort((a, b) => a - b);
        const n = v.length;
        let k = 1, below = 2 ** -n, term = below;
        for (let i = 1; n >= 6 && i < n; i++) {
            term *= (n - i + 1) / i;
            below += term;
            if (2 * below > 0.05)
                break;
            k = i + 1;
        }
        return {n, low: v[k - 1], high: v[n - k], median: (v[(n - 1) >> 1] + v[n >> 1]) / 2};
    }

    /* Rates of a by those of b, paired by block, and what that says: as bench/record/ratios.h. */
    function ratio(a, b) {
        if (!a || !b || a.state > LIMITED || b.state > LIMITED)
            return null;
        const r = spread(a.blocks.map((x, i) => x / b.blocks[i]));
        r.finding = 'open';
        if (r.n >= data.pairs && r.low > 1)
            r.finding = b.state === LIMITED ? 'open' : 'more';
        else if (r.n >= data.pairs && r.high < 1)
            r.finding = a.state === LIMITED ? 'open' : 'less';
        else if (r.n >= data.pairs && a.state === VALID && b.state === VALID)
            r.finding = 'same';
        return r.n > 0 ? r : null;
    }

    const tables = $('table.heat').map((table) => ({
        table, service: table.dataset.protocol, caption: table.caption.textContent,
        rows: $('tbody tr', table).map((tr, order) => ({
            tr, order, model: +tr.dataset.m, mean: tr.cells[1],
            cells: $('td[data-c]', tr).map((td) => ({td, column: +td.dataset.c})),
        })),
        heads: $('th[data-c]', table),
    }));

    const rowShown = (model) =>
        !view.rows.has(model) && (view.families.size === 0 || view.families.has(data.models[model][1]));
    const columnShown = (column) =>
        !view.columns.has(column) && (view.every || data.columns[column].main);

    /* The best of a column among the models that are shown. */
    function bestOf(column, models) {
        let best = null;
        for (const m of models) {
            const p = point(m, column);
            if (p && p.state === VALID && (!best || p.rate > best.rate))
                best = p;
        }
        return best;
    }

    function showCell(cell, model, best) {
        const {td, column} = cell;
        const p = point(model, column);
        const r = view.compare >= 0 && model !== view.compare ? ratio(p, point(view.compare, column)) : null;
        td.className = '';
        td.removeAttribute('style');
        cell.relative = p && p.state <= LIMITED && best ? p.rate / best.rate : NaN;
        cell.best = Boolean(p && best && p.state === VALID &&
            best.low <= p.high * data.columns[column].apart);
        if (view.compare >= 0) {
            if (r)
                td.classList.add(r.finding);
            td.textContent = !p ? '' : p.state > LIMITED ? p.text : model === view.compare ? '1' : r
                ? {more: '▲ ', less: '▼ ', same: '= ', open: '? '}[r.finding] + r.median.toFixed(2) : '–';
        } else {
            const known = Number.isFinite(cell.relative);
            td.textContent = known ? (p.state === LIMITED ? '≥ ' : '') + cell.relative.toFixed(2) : p ? p.text : '';
            if (known)
                td.style.setProperty('--v', Math.min(cell.relative, 1).toFixed(3));
        }
        cell.sort = view.compare >= 0 ? (r ? r.median : model === view.compare && p && p.state <= LIMITED ? 1 : NaN) : cell.relative;
    }

    const mean = (values) => Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);

    /* Mean of the cells that are shown; a row with figures in fewer than half of them has none. */
    function showMean(row) {
        const shown = row.cells.filter((c) => columnShown(c.column));
        const known = shown.map((c) => c.sort).filter((v) => v > 0);
        row.value = known.length > 0 && 2 * known.length >= shown.length ? mean(known) : NaN;
        row.part = known.length > 0 ? mean(known) : NaN;
        row.mean.textContent = Number.isFinite(row.value) ? row.value.toFixed(2) : '';
    }

    const down = (a, b) => (Number.isFinite(b) - Number.isFinite(a)) || (Number.isFinite(a) ? b - a : 0);

    function sortRows(t) {
        const key = t.by === undefined ? (r) => r.value
            : t.by === -1 ? (r) => r.order : (r) => r.cells.find((c) => c.column === t.by).sort;
        t.rows.sort((a, b) => t.by === -1 ? nameOf(a.model) < nameOf(b.model) ? -1 : 1
            : down(key(a), key(b)) || down(a.part, b.part) || a.order - b.order);
        if (t.up)
            t.rows.reverse();
        const body = t.table.tBodies[0];
        t.rows.forEach((r) => body.append(r.tr));
        const shown = t.rows.filter((r) => !r.tr.hidden);
        shown.forEach((row, i) => row.cells.forEach((cell, k) => {
            if (!cell.best || view.compare >= 0)
                return;
            cell.td.classList.add('best');
            cell.td.classList.toggle('top', i === 0 || !shown[i - 1].cells[k].best);
            cell.td.classList.toggle('foot', i + 1 === shown.length || !shown[i + 1].cells[k].best);
        }));
    }

    function showTable(t) {
        t.table.caption.textContent = view.compare < 0 ? t.caption
            : `${t.service}: requests/s by those of ${nameOf(view.compare)}, paired by block. ▲ faster, ▼ slower, ` +
              `= this run does not tell the two apart, ? left open: fewer than ${data.pairs} pairs, or limited by the ` +
              'load generator; –: no pair';
        t.table.parentElement.hidden = view.service !== '' && view.service !== t.service;
        const models = t.rows.map((r) => r.model).filter(rowShown);
        t.heads.forEach((th) => { th.hidden = !columnShown(+th.dataset.c); });
        const best = new Map(t.heads.map((th) => [+th.dataset.c, bestOf(+th.dataset.c, models)]));
        for (const row of t.rows) {
            row.tr.hidden = !rowShown(row.model);
            for (const cell of row.cells) {
                cell.td.hidden = !columnShown(cell.column);
                showCell(cell, row.model, best.get(cell.column));
            }
            showMean(row);
        }
        sortRows(t);
    }

    /* Addresses: #PLACE?compare=NAME&service=...; the part behind the question mark is the view. */
    function write(place) {
        const q = new URLSearchParams();
        if (view.service)
            q.set('service', view.service);
        if (view.every)
            q.set('every', 'yes');
        if (view.compare >= 0)
            q.set('compare', nameOf(view.compare));
        view.families.forEach((f) => q.append('family', data.families[f][0]));
        view.rows.forEach((m) => q.append('drop', nameOf(m)));
        view.columns.forEach((c) => q.append('without', columnName(c)));
        const hash = `#${place}${q.size ? '?' + q : ''}`;
        if (location.hash !== hash && (q.size || location.hash))
            history.replaceState(null, '', hash);
    }
    const columnName = (c) => `${data.columns[c].run}/${data.columns[c].service}/${data.columns[c].at}`;
    const place = () => location.hash.slice(1).split('?')[0];

    function read() {
        const q = new URLSearchParams(location.hash.split('?')[1] || '');
        const numbers = (key, list, name) => new Set(q.getAll(key)
            .map((v) => list.findIndex((x, i) => name(x, i) === v)).filter((i) => i >= 0));
        const model = ([name]) => name;
        const services = tables.map((t) => t.service);
        view.service = services.includes(q.get('service')) ? q.get('service') : services.length > 1 ? services[0] : '';
        view.every = q.get('every') === 'yes';
        view.compare = data.models.findIndex(([name]) => name === q.get('compare'));
        view.families = numbers('family', data.families, model);
        view.rows = numbers('drop', data.models, model);
        view.columns = numbers('without', data.columns, (_, i) => columnName(i));
    }

    const controls = document.getElementById('controls');
    const inputs = {};

    function show() {
        if (tables.length === 0) // a page without a run of models
            return;
        tables.forEach(showTable);
        inputs.service.value = view.service;
        inputs.compare.value = String(view.compare);
        inputs.every.checked = view.every;
        inputs.families.forEach((box) => { box.checked = view.families.has(+box.value); });
        inputs.all.hidden = view.rows.size + view.columns.size + view.families.size === 0;
    }

    function change(what) {
        what();
        show();
        write(place() || 'overview');
    }

    function choice(label, options, chosen) {
        const select = element('select', {}, ...options.map(([value, text]) => element('option', {value, textContent: text})));
        select.addEventListener('change', () => change(() => chosen(select.value)));
        controls.append(element('label', {}, `${label} `, select));
        return select;
    }

    function box(parent, value, label, chosen) {
        const input = element('input', {type: 'checkbox', value: String(value)});
        input.addEventListener('change', () => change(() => chosen(input.checked)));
        parent.append(element('label', {}, input, ' ', ...label));
        return input;
    }

    function makeControls() {
        if (tables.length === 0) {
            controls.append(schemeChoice());
            return;
        }
        const services = tables.map((t) => [t.service, t.service]);
        inputs.compare = choice('compare with', [['-1', 'the fastest'],
            ...data.models.map(([name], i) => [String(i), name])], (v) => { view.compare = +v; });
        inputs.service = choice('service', services.length > 1 ? [...services, ['', 'both']] : [['', services[0] ? services[0][0] : '']],
            (v) => { view.service = v; });
        inputs.every = box(controls, '', ['every point'], (on) => { view.every = on; });
        inputs.every.parentElement.hidden = data.columns.every((c) => c.main);
        const set = element('fieldset', {}, element('legend', {textContent: 'only these families'}));
        const used = new Set(data.models.map(([, family]) => family));
        inputs.families = data.families.map(([, title, colour], i) => [i, title, colour]).filter(([i]) => used.has(i))
            .map(([i, title, colour]) => {
                const dot = element('i');
                dot.style.background = colour;
                return box(set, i, [dot, title], (on) => { view.families[on ? 'add' : 'delete'](i); });
            });
        inputs.all = element('button', {type: 'button', textContent: 'show all again', hidden: true});
        inputs.all.addEventListener('click', () => change(() => {
            view.rows.clear();
            view.columns.clear();
            view.families.clear();
        }));
        controls.append(set, inputs.all, schemeChoice());
    }

    /* Light, dark, or as the system has it. Kept where the browser lets a file keep anything. */
    function schemeChoice() {
        const kept = (() => { try { return localStorage.getItem('iomodels-scheme'); } catch { return null; } })();
        const select = element('select', {id: 'scheme'}, ...['system', 'light', 'dark'].map((v) => element('option', {value: v, textContent: v})));
        const apply = (value) => {
            if (value === 'light' || value === 'dark')
                document.documentElement.dataset.scheme = value;
            else
                delete document.documentElement.dataset.scheme;
        };
        select.value = ['light', 'dark'].includes(kept) ? kept : 'system';
        apply(select.value);
        select.addEventListener('change', () => {
            apply(select.value);
            try { localStorage.setItem('iomodels-scheme', select.value); } catch { /* a private window */ }
        });
        return element('label', {}, 'colours ', select);
    }

    /* Buttons in the heads: sort by the column, drop it; in the rows: drop the model. */
    function dropButton(label, drop) {
        const button = element('button', {type: 'button', className: 'drop', textContent: '×', title: label});
        button.setAttribute('aria-label', label);
        button.addEventListener('click', () => change(drop));
        return button;
    }

    function sortButton(t, th, by, label) {
        const button = element('button', {type: 'button', className: 'sort', title: 'sort by this'});
        button.setAttribute('aria-label', `sort by ${label}`);
        button.addEventListener('click', () => {
            t.up = t.by === by && t.sorted ? !t.up : false;
            t.by = by;
            t.sorted = true;
            $('th[aria-sort]', t.table).forEach((x) => x.removeAttribute('aria-sort'));
            th.setAttribute('aria-sort', (by === -1) !== t.up ? 'ascending' : 'descending');
            sortRows(t);
        });
        return button;
    }

    function addButtons(t) {
        const [model, average] = t.table.tHead.rows[0].cells;
        for (const [th, by] of [[model, -1], [average, undefined]]) {
            const button = sortButton(t, th, by, th.textContent);
            button.append(th.textContent);
            th.replaceChildren(button);
        }
        t.heads.forEach((th) => {
            const column = +th.dataset.c;
            const span = th.querySelector('span');
            const button = sortButton(t, th, column, columnName(column));
            button.append(...span.childNodes);
            span.append(button, dropButton(`drop ${columnName(column)}`, () => view.columns.add(column)));
        });
        t.rows.forEach((r) => r.tr.cells[0].append(
            dropButton(`drop ${nameOf(r.model)}`, () => view.rows.add(r.model))));
    }

    /* What a cell says, in words. */
    const number = (v) => Math.round(v).toLocaleString('en');
    function tell(model, column) {
        const p = point(model, column), c = data.columns[column];
        const where = `${nameOf(model)}, ${c.service}, ${c.run}, ${c.axis} = ${c.at}: `;
        if (!p || p.rate === null)
            return where + (p ? p.text || 'no figure' : 'not measured');
        let text = `${where}${number(p.rate)} requests/s [${number(p.low)}–${number(p.high)}]`;
        const r = view.compare >= 0 && model !== view.compare ? ratio(p, point(view.compare, column)) : null;
        if (r)
            text += `; ${r.median.toFixed(2)} [${r.low.toFixed(2)}–${r.high.toFixed(2)}] of ${nameOf(view.compare)}, ${r.n} pairs: ` +
                {more: 'faster', less: 'slower', same: 'this run does not tell the two apart', open: 'that is left open'}[r.finding];
        return text;
    }

    /* The row and the column of a cell, by mouse or keyboard; arrows go from cell to cell. */
    function highlight(t, td) {
        $('.lit').forEach((x) => x.classList.remove('lit'));
        const row = td && td.closest('tr');
        if (!row || !row.dataset.m)
            return;
        const column = td.dataset.c;
        row.classList.add('lit');
        $(`tbody tr[data-name="${CSS.escape(nameOf(+row.dataset.m))}"]`).forEach((x) => x.classList.add('lit'));
        if (column !== undefined) {
            t.heads.filter((th) => th.dataset.c === column).forEach((th) => th.classList.add('lit'));
            document.getElementById('cell').textContent = tell(+row.dataset.m, +column);
        }
    }

    function neighbour(t, td, key) {
        const rows = t.rows.map((r) => r.tr).filter((tr) => !tr.hidden);
        const cells = (tr) => [...tr.cells].slice(2).filter((x) => !x.hidden);
        const y = rows.indexOf(td.parentElement), x = cells(rows[y]).indexOf(td);
        const to = {ArrowUp: [y - 1, x], ArrowDown: [y + 1, x], ArrowLeft: [y, x - 1], ArrowRight: [y, x + 1],
            Home: [y, 0], End: [y, cells(rows[y]).length - 1]}[key];
        return to && rows[to[0]] ? cells(rows[to[0]])[to[1]] : undefined;
    }

    function makeCells(t) {
        const all = t.rows.flatMap((r) => r.cells.map((c) => c.td));
        const enter = (td) => {
            all.forEach((x) => { x.tabIndex = -1; });
            td.tabIndex = 0;
        };
        t.table.setAttribute('role', 'grid');
        if (all.length > 0)
            enter(all.find((td) => !td.hidden) || all[0]);
        t.table.addEventListener('mouseover', (e) => highlight(t, e.target.closest('tbody td, tbody th')));
        t.table.addEventListener('mouseleave', () => highlight(t, null));
        t.table.addEventListener('focusin', (e) => highlight(t, e.target.closest('tbody td, tbody th')));
        t.table.addEventListener('focusout', () => highlight(t, null));
        t.table.addEventListener('keydown', (e) => {
            const next = e.target.matches('td[data-c]') && neighbour(t, e.target, e.key);
            if (!next)
                return;
            e.preventDefault();
            enter(next);
            next.focus();
        });
    }

    /* All other tables: sorted by any column. "1.2 ms" is more than "900 µs". */
    const units = {ns: 1e-3, 'µs': 1, us: 1, ms: 1e3, s: 1e6, k: 1e3, M: 1e6, MiB: 1024, KiB: 1};
    function valueOf(text) {
        const m = /^[≥≤<>]?\s*([-+]?[\d,]*\.?\d+)\s*([a-zA-Zµ]+)?/.exec(text.trim());
        return m ? parseFloat(m[1].replaceAll(',', '')) * (units[m[2]] || 1) : NaN;
    }

    function sortTable(table, column, th) {
        const up = th.getAttribute('aria-sort') === 'descending';
        const rows = [...table.tBodies[0].rows].map((tr) => {
            const text = tr.cells[column].textContent;
            return {tr, text, value: valueOf(text)};
        });
        const figures = rows.filter((r) => Number.isFinite(r.value)).length * 2 > rows.length;
        rows.sort((a, b) => figures ? down(a.value, b.value) : b.text.localeCompare(a.text));
        if (up)
            rows.reverse();
        $('th[aria-sort]', table).forEach((x) => x.removeAttribute('aria-sort'));
        th.setAttribute('aria-sort', up ? 'ascending' : 'descending');
        rows.forEach((r) => table.tBodies[0].append(r.tr));
    }

    function makeSortable(table) {
        const names = new Set(data.models.map(([name]) => name));
        [...table.tHead.rows[0].cells].forEach((th, column) => {
            const button = element('button', {type: 'button', className: 'sort'}, ...th.childNodes);
            button.addEventListener('click', () => sortTable(table, column, th));
            th.append(button);
        });
        for (const tr of table.tBodies[0].rows) {
            const cell = [...tr.cells].slice(0, 3).find((td) => names.has(td.textContent));
            if (cell)
                tr.dataset.name = cell.textContent;
        }
    }

    /* A part that has nothing to scroll is no stop of the Tab key. */
    function stops(root) {
        $('.scroll, .picture', root).forEach((x) => {
            if (x.scrollWidth > x.clientWidth)
                x.tabIndex = 0;
            else
                x.removeAttribute('tabindex');
        });
    }

    /* The sections whose text is not read yet, from the first to the last. */
    const waiting = $('main section > noscript').map((n) => n.parentElement);

    function fill(section) {
        const text = section.querySelector(':scope > noscript');
        text.insertAdjacentHTML('afterend', text.textContent);
        text.remove();
        $('table', section).filter((t) => t.tHead && t.tBodies.length > 0).forEach(makeSortable);
        stops(section);
    }

    function fillAll() {
        waiting.splice(0).forEach(fill);
        document.documentElement.dataset.whole = '';
    }

    const idle = window.requestIdleCallback || ((f) => setTimeout(f, 20));
    function fillSome() {
        if (waiting.length > 0)
            fill(waiting.shift());
        if (waiting.length > 0)
            idle(fillSome);
        else
            document.documentElement.dataset.whole = '';
    }

    /* To what the address names. Where it stands is known when all before it is there. */
    function follow() {
        read();
        show();
        const id = decodeURIComponent(place());
        if (!id)
            return;
        if (!$('.first section').some((x) => x.id === id))
            fillAll();
        const target = document.getElementById(id);
        if (target)
            target.scrollIntoView();
    }

    makeControls();
    tables.forEach(addButtons);
    tables.forEach(makeCells);
    stops(document);
    idle(fillSome);
    follow();
    addEventListener('hashchange', follow);
    addEventListener('resize', () => stops(document));
    addEventListener('beforeprint', fillAll);
    addEventListener('beforeprint', () => $('details:not([open])').forEach((d) => {
        d.open = true;
        d.dataset.shut = '';
    }));
    addEventListener('afterprint', () => $('details[data-shut]').forEach((d) => {
        d.open = false;
        delete d.dataset.shut;
    }));
})();
