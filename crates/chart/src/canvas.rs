//! A grid of dots that becomes text: braille cells of 2 × 4 dots, or one character per cell.

/// Dots of one cell across and down in braille.
pub(crate) const BRAILLE: (usize, usize) = (2, 4);

/// The bit of each dot of a braille cell, by row and column (Unicode 15, block "Braille Patterns").
const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// Dots, with the line that drew last in each cell.
#[derive(Debug)]
pub(crate) struct Canvas {
    columns: usize,
    rows: usize,
    /// Dots of a cell across and down.
    cell: (usize, usize),
    bits: Vec<u8>,
    owner: Vec<Option<usize>>,
}

impl Canvas {
    pub(crate) fn new(columns: usize, rows: usize, cell: (usize, usize)) -> Self {
        let cells = columns * rows;
        Self { columns, rows, cell, bits: vec![0; cells], owner: vec![None; cells] }
    }

    /// Dots across.
    pub(crate) fn width(&self) -> usize {
        self.columns * self.cell.0
    }

    /// Dots down.
    pub(crate) fn height(&self) -> usize {
        self.rows * self.cell.1
    }

    /// Sets the dot `x` from the left and `y` from the top. Dots outside are left out.
    pub(crate) fn set(&mut self, x: usize, y: usize, owner: usize) {
        let (column, row) = (x / self.cell.0, y / self.cell.1);
        if column >= self.columns || row >= self.rows {
            return;
        }
        let cell = row * self.columns + column;
        self.bits[cell] |= BITS[(y % self.cell.1).min(3)][(x % self.cell.0).min(1)];
        self.owner[cell] = Some(owner);
    }

    /// Joins two dots (Bresenham 1965).
    pub(crate) fn line(&mut self, from: (usize, usize), to: (usize, usize), owner: usize) {
        let (mut x, mut y) = (from.0 as i64, from.1 as i64);
        let (end_x, end_y) = (to.0 as i64, to.1 as i64);
        let (dx, dy) = ((end_x - x).abs(), -(end_y - y).abs());
        let (step_x, step_y) = ((end_x - x).signum(), (end_y - y).signum());
        let mut error = dx + dy;
        loop {
            self.set(x as usize, y as usize, owner);
            if (x, y) == (end_x, end_y) {
                return;
            }
            let doubled = 2 * error;
            if doubled >= dy {
                error += dy;
                x += step_x;
            }
            if doubled <= dx {
                error += dx;
                y += step_y;
            }
        }
    }

    /// The braille character of a cell and the line that drew it.
    pub(crate) fn cell(&self, column: usize, row: usize) -> (char, Option<usize>) {
        let cell = row * self.columns + column;
        let braille = char::from_u32(0x2800 + u32::from(self.bits[cell])).expect("invariant: 256 patterns");
        (braille, self.owner[cell])
    }
}
