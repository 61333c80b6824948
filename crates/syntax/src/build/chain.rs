//! Operands with binary operators between them: the shunting of operators by their levels.

use super::{Builder, Mods, Sub, Tok};
use crate::ast::BinaryOp;

/// The operators of an expression that still wait for all of their right side, each of a tighter level than the one
/// before. What joins, joins when a later operator is read, so actions run in the order of a grammar with a rule for each
/// level.
#[derive(Debug, Default)]
pub(crate) struct Chain<'s> {
    waiting: Vec<Waiting<'s>>,
}

/// An operator with its left side.
#[derive(Debug)]
struct Waiting<'s> {
    lhs: Sub,
    op: (BinaryOp, Tok<'s>),
    mods: Mods,
}

impl Chain<'_> {
    /// The same chain with what stands behind its last operator.
    pub(crate) fn with(mut self: Box<Self>, mods: Mods) -> Box<Self> {
        self.waiting.last_mut().expect("invariant: an operator was just read").mods = mods;
        self
    }
}

impl<'s> Builder<'s> {
    /// Takes the next operand and the operator behind it, all of which associate to the left.
    pub(crate) fn chain(
        &self,
        mut chain: Box<Chain<'s>>,
        operand: Sub,
        op: (BinaryOp, Tok<'s>),
    ) -> Box<Chain<'s>> {
        let level = op.0.precedence();
        let lhs = self.join(&mut chain, operand, |waiting| waiting.precedence() >= level);
        chain.waiting.push(Waiting { lhs, op, mods: Mods::new(false, None, None) });
        chain
    }

    /// The whole expression.
    pub(crate) fn end_chain(&self, mut chain: Box<Chain<'s>>, last: Sub) -> Sub {
        self.join(&mut chain, last, |_| true)
    }

    /// Gives `rhs` to the operators at the end of the chain for as long as they bind it.
    fn join(&self, chain: &mut Chain<'s>, mut rhs: Sub, binds: impl Fn(BinaryOp) -> bool) -> Sub {
        while let Some(Waiting { lhs, op, mods }) = chain.waiting.pop_if(|last| binds(last.op.0)) {
            rhs = self.binary(lhs, op, mods, rhs);
        }
        rhs
    }
}
