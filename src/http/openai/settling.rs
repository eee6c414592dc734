//! What an answer cost is settled when its stream is over, however it ends.

use madang_domain::chat::Usage;
use madang_domain::coach::tokens;
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::actors::chat::quota::Quotas;

/// Settles when it is dropped: with what the answer cost, or, where the client left before the end, with about what was said.
pub(super) struct Settling {
    quotas: Quotas,
    id: Uuid,
    spent: Usage,
}

impl Settling {
    /// For tokens that were reserved under this id; the prompt costs about so much.
    pub(super) fn new(quotas: Quotas, id: Uuid, prompt: u32) -> Self {
        Self { quotas, id, spent: Usage { prompt, completion: 0 } }
    }

    /// More was said.
    pub(super) fn said(&mut self, text: &str) {
        self.spent.completion = self.spent.completion.saturating_add(tokens::estimate(text));
    }

    /// It is over and cost so much.
    pub(super) fn over(&mut self, usage: Usage) {
        self.spent = usage;
    }
}

impl Drop for Settling {
    fn drop(&mut self) {
        let (quotas, id, spent) = (self.quotas.clone(), self.id, self.spent.total());
        // Without a runtime the server is gone; the sweep settles what is left.
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(async move {
            if let Err(error) = quotas.settle(id, spent).await {
                tracing::warn!(%error, "an answer beside any conversation could not be settled now; the sweep will");
            }
        });
    }
}
