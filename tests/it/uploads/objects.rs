//! The server's own store: what a signed address lets in, and how images are served.

use bytes::Bytes;
use madang::clients::objects::{Key, MediaType};
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::world::{OCR, World};

async fn code(response: reqwest::Response) -> (u16, String) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    (status, body["code"].as_str().unwrap().to_owned())
}

#[actix_web::test]
async fn an_address_lets_in_exactly_what_it_says() {
    let world = World::start().await;
    let (_, announced) = world.announce(OCR, json!({ "name": "a.zip", "type": "application/zip", "bytes": 5 })).await;
    let put = &announced["put"];
    let refused = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(put["headers"], json!({ "Content-Type": "application/zip" }));
    assert_eq!(code(world.put(put, b"abc".to_vec()).await).await, refused(422, "object.wrong_size"));
    assert_eq!(code(world.put(put, b"abcdef".to_vec()).await).await, refused(422, "object.wrong_size"));
    let url = format!("{}{}", world.base, put["url"].as_str().unwrap());
    let send = |url: &str, media: &str| world.http.put(url).header(CONTENT_TYPE, media).body("abcde").send();
    assert_eq!(code(send(&url, "text/html").await.unwrap()).await, refused(415, "object.wrong_type"));
    let larger = url.replace("bytes=5", "bytes=6");
    assert_eq!(code(send(&larger, "application/zip").await.unwrap()).await, refused(403, "object.link_invalid"));
    let bare = url.split('?').next().unwrap();
    assert_eq!(code(send(bare, "application/zip").await.unwrap()).await, refused(403, "object.link_invalid"));
    // Without a length, in pieces: counted while it comes.
    let pieces = futures_util::stream::iter((0..1000).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(b"0123456789"))));
    let request = world.http.put(&url).header(CONTENT_TYPE, "application/zip").body(reqwest::Body::wrap_stream(pieces));
    if let Ok(response) = request.send().await {
        assert_eq!(code(response).await, refused(422, "object.wrong_size"));
    }
    assert_eq!(send(&url, "application/zip").await.unwrap().status(), 201);
    assert_eq!(code(send(&url, "application/zip").await.unwrap()).await, refused(409, "object.exists"));
    // What was sent is nobody's to read.
    assert_eq!(code(world.http.get(bare).send().await.unwrap()).await, refused(403, "object.link_invalid"));
    world.end().await;
}

#[actix_web::test]
async fn an_image_is_served_for_ever_and_can_do_nothing() {
    let world = World::start().await;
    let key = Key::image([9; 20]);
    let content: Vec<u8> = (0..200_000u32).map(|n| n.to_le_bytes()[0]).collect();
    world.store.put(&key, Bytes::from(content.clone())).await.unwrap();
    let url = format!("{}/objects/{key}", world.base);
    let image = world.http.get(&url).send().await.unwrap();
    assert_eq!(image.status(), 200);
    let header = |name: &str| image.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "image/jpeg");
    assert_eq!(header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(header("content-length"), "200000");
    let tag = header("etag");
    assert_eq!(image.bytes().await.unwrap(), content);
    let again = world.http.get(&url).header("if-none-match", tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    assert_eq!(world.http.head(&url).send().await.unwrap().status(), 200);
    let none = Key::image([8; 20]);
    for name in [none.as_str(), "..%2f..%2fetc%2fpasswd", "im-short.jpg", &key.as_str().replace(".jpg", ".svg")] {
        let missing = world.http.get(format!("{}/objects/{name}", world.base)).send().await.unwrap();
        assert_eq!(code(missing).await, (404, "object.unknown".to_owned()), "{name}");
    }
    assert!(MediaType::from_name("image/svg+xml").is_none());
    world.end().await;
}
