//! The connections of asynchronous programs: one that many tasks share, and one that is made again.

use redis::aio::ConnectionManager;
use redis::{AsyncCommands, RedisResult, cmd, pipe};
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use crate::checks::{Check, Outcome, check, equal, holds};
use crate::place::Place;

pub const CHECKS: &[Check] = &[
    check("a connection that many tasks share", shared),
    check(
        "a managed connection is made again after the server closed it",
        managed,
    ),
];

fn run(work: impl Future<Output = Outcome>) -> Outcome {
    Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

fn shared(p: &mut Place) -> Outcome {
    let [counter, other] = p.together("shared")?;
    let client = p.open()?;
    run(async move {
        let mut connection = client.get_multiplexed_async_connection().await?;
        connection.set::<_, _, ()>(&counter, 0).await?;
        let mut tasks = JoinSet::new();
        for n in 0..200 {
            let (mut connection, counter, other) =
                (connection.clone(), counter.clone(), other.clone());
            tasks.spawn(async move {
                let mut both = pipe();
                both.atomic()
                    .incr(counter, 1)
                    .ignore()
                    .set(other, n)
                    .ignore();
                connection.set::<_, _, ()>(format!("shared:{n}"), n).await?;
                let own: i64 = connection.get(format!("shared:{n}")).await?;
                both.query_async::<()>(&mut connection).await?;
                Ok::<_, redis::RedisError>(own == n)
            });
        }
        let answers: Vec<RedisResult<bool>> = tasks.join_all().await;
        let own = answers.into_iter().collect::<RedisResult<Vec<_>>>()?;
        holds(own.into_iter().all(|own| own), "each task's own value")?;
        equal(connection.get::<_, i64>(&counter).await?, 200)
    })
}

fn managed(p: &mut Place) -> Outcome {
    let client = p.open()?;
    run(async {
        let mut connection = ConnectionManager::new(client).await?;
        let id: i64 = cmd("CLIENT").arg("ID").query_async(&mut connection).await?;
        let killed: i64 = cmd("CLIENT")
            .arg("KILL")
            .arg("ID")
            .arg(id)
            .query(&mut p.client)?;
        equal(killed, 1)?;
        // The request that meets the loss fails, and starts the new connection.
        let mut answers = 0;
        while answers < 2 {
            match connection.set::<_, _, String>("again", "1").await {
                Ok(_) => answers += 1,
                Err(error) if error.is_connection_dropped() => {}
                Err(error) => return Err(error.into()),
            }
        }
        let now: i64 = cmd("CLIENT").arg("ID").query_async(&mut connection).await?;
        holds(now != id, "another connection")
    })
}
