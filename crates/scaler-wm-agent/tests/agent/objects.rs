//! What is fetched, kept and dropped.

use scaler_wm_wire::{
    Message, Version,
    message::{Instruction, ObjectId, ObjectInstruction, ObjectMetadata},
};

use crate::world::{World, client, object, short};

fn gets(world: &World, object: &ObjectId) -> usize {
    world.storage.state().gets.get(object).copied().unwrap_or_default()
}

#[tokio::test]
async fn an_object_is_fetched_once_until_it_is_deleted() {
    let mut world = World::with_agent(Version::V2, |_| {}).await;
    world.keep("a", &short("first"));
    // Both at once: one fetch serves both.
    world.submit_as_kept("a", 0).await;
    world.result("a").await;
    for _ in 0..3 {
        world.submit_as_kept("a", 0).await;
        assert_eq!(world.result("a").await.1, "first");
    }
    let (function, argument, serializer) = (object("f a"), object("a a"), ObjectId::of_serializer(&client()));
    assert_eq!((gets(&world, &function), gets(&world, &argument), gets(&world, &serializer)), (1, 1, 1));

    world.storage.put(&argument, &"second".into());
    let objects = ObjectMetadata { ids: vec![argument.clone()], ..ObjectMetadata::default() };
    let deleted = ObjectInstruction { instruction: Instruction::Delete, user: client(), objects };
    world.scheduler.send(&Message::ObjectInstruction(deleted)).await;
    world.submit_as_kept("a", 0).await;
    assert_eq!(world.result("a").await.1, "second");
    assert_eq!((gets(&world, &function), gets(&world, &argument), gets(&world, &serializer)), (1, 2, 1));
}

#[tokio::test]
async fn no_more_is_kept_than_allowed() {
    let mut world = World::with_agent(Version::V2, |config| config.object_cache_bytes = 100_000).await;
    let long = "x".repeat(60_000).leak();
    for _ in 0..2 {
        for name in ["a", "b", "c"] {
            world.submit(name, &short(long)).await;
            assert_eq!(world.result(name).await.1.len(), 60_000);
        }
    }
    let fetched: usize = ["a a", "a b", "a c"].iter().map(|name| gets(&world, &object(name))).sum();
    assert!(fetched > 4, "at most one of the three fits, {fetched} fetches");
}

#[tokio::test]
async fn nothing_is_lost_with_the_connection_to_the_storage() {
    let mut world = World::with_agent(Version::V2, |_| {}).await;
    world.submit("before", &short("well")).await;
    world.result("before").await;

    // While it asks.
    world.keep("get", &short("got"));
    world.storage.state().objects.remove(&object("a get"));
    world.submit_as_kept("get", 0).await;
    while gets(&world, &object("a get")) == 0 {
        world.scheduler.heartbeats(1).await;
    }
    world.storage.vanish();
    world.keep("get", &short("got"));
    world.storage.listen().await;
    assert_eq!(world.result("get").await.1, "got");

    // While it keeps a result.
    world.storage.state().is_mute = true;
    let before = world.storage.state().objects.len();
    world.submit("set", &short("kept")).await;
    while world.storage.state().objects.len() < before + 3 {
        world.scheduler.heartbeats(1).await;
    }
    world.storage.vanish();
    world.storage.state().is_mute = false;
    world.storage.listen().await;
    assert_eq!(world.result("set").await.1, "kept");
}
