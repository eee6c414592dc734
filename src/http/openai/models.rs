//! The assistants as models.

use actix_web::web;
use madang_domain::code::Code;
use serde::Serialize;

use super::fault::Fault;
use crate::http::caller::Caller;
use crate::http::chats::ChatArea;
use crate::storage::assistants::Row;

/// An assistant, as a model.
#[derive(Debug, Serialize)]
pub struct ModelView {
    /// The assistant's name.
    id: String,
    /// Always `model`.
    object: &'static str,
    /// When it was made; not told.
    created: i64,
    /// Always `madang`.
    owned_by: &'static str,
}

/// All of them.
#[derive(Debug, Serialize)]
pub struct ModelsView {
    /// Always `list`.
    object: &'static str,
    data: Vec<ModelView>,
}

impl ModelView {
    fn of(row: &Row) -> Self {
        Self { id: row.name.clone(), object: "model", created: 0, owned_by: "madang" }
    }
}

/// The assistants that take questions.
pub(super) async fn list_models(area: web::Data<ChatArea>, _who: Caller) -> Result<web::Json<ModelsView>, Fault> {
    let all = area.chats.assistants().all().await.map_err(|denied| Fault::of_denied(&denied))?;
    let data = all.iter().filter(|row| row.enabled).map(ModelView::of).collect();
    Ok(web::Json(ModelsView { object: "list", data }))
}

/// One assistant.
pub(super) async fn show_model(
    area: web::Data<ChatArea>,
    _who: Caller,
    model: web::Path<String>,
) -> Result<web::Json<ModelView>, Fault> {
    find(&area, &model).await.map(|row| web::Json(ModelView::of(&row)))
}

/// The assistant of that name.
pub(super) async fn find(area: &ChatArea, name: &str) -> Result<Row, Fault> {
    area.chats.assistants().choose(Some(name)).await.map_err(|denied| {
        if denied.code() == Code::AssistantUnknown { Fault::from(Code::ModelUnknown) } else { Fault::of_denied(&denied) }
    })
}
