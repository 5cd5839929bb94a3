//! `aws_hpc provision` and its like: what `aws_hpc` needs in AWS, made and taken away.

use std::path::Path;

use scaler_wm_batch::provision::{Book, Place, Progress, Recipe, Services, Site, Wanted, json, lines, sourcing};
use scaler_wm_core::Chain;
use scaler_wm_options::provision::Action;

use crate::{
    cli::ProvisionCall,
    exit::{Failure, answer, say},
};

/// Does what was asked for. Every step is told on standard error.
///
/// # Errors
/// When a flag or a file is wrong, or AWS or docker fail.
pub(crate) fn provision(call: &ProvisionCall) -> Result<(), Failure> {
    let values = &call.values;
    let book = Book::open(Path::new(&values.text("config")))?;
    if call.action == Action::Show {
        return show(&book, values.flag("json"), &values.text("env_file"));
    }
    let place = Place::from_values(values, &book)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::running)?;
    match call.action {
        Action::Provision => {
            let wanted = Wanted::from_values(values)?;
            place.check_env_file()?;
            runtime.block_on(make(place, book, &wanted))
        }
        Action::BuildImage => {
            let recipe = Recipe::from_values(values)?;
            runtime.block_on(build_image(place, book, &recipe))
        }
        Action::Cleanup | Action::Show => runtime.block_on(cleanup(place, book)),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is told once")]
fn tell(progress: Progress) {
    say(&format!("{progress}\n"));
}

async fn site(place: Place, book: Book) -> Result<Site<'static>, Failure> {
    let services = Services::of_region(&place.region).await;
    Site::open(place, book, services, &tell).await.map_err(Failure::setup)
}

async fn make(place: Place, book: Book, wanted: &Wanted) -> Result<(), Failure> {
    let (state, source) = (book.path().display().to_string(), sourcing(&place.env_file.display().to_string()));
    let mut site = site(place, book).await?;
    site.provision(wanted).await.map_err(|error| {
        let mut said = Chain(&error).to_string();
        if Path::new(&state).exists() {
            said.push_str(&format!(
                "\nWhat was made is in {state}: run the same command again to go on, or `scaler-wm aws_hpc cleanup` to \
                 remove it."
            ));
        }
        Failure::Running(said)
    })?;
    answer(&format!(
        "\
Everything is there; {state} tells of it. To run tasks on it:

  {source}
  scaler-wm aws_hpc ADDRESS --aws-region $SCALER_AWS_REGION -q $SCALER_JOB_QUEUE \\
      -d $SCALER_JOB_DEFINITION --s3-bucket $SCALER_S3_BUCKET

`scaler-wm aws_hpc show` tells what the manager must be allowed to do.
"
    ))
}

async fn build_image(place: Place, book: Book, recipe: &Recipe) -> Result<(), Failure> {
    let mut site = site(place, book).await?;
    let image = site.build_image(recipe).await.map_err(Failure::running)?;
    answer(&format!("{image}\n"))
}

async fn cleanup(place: Place, book: Book) -> Result<(), Failure> {
    let mut site = site(place, book).await?;
    let cleanup = site.cleanup().await.map_err(Failure::running)?;
    let list =
        |items: &[(String, String)]| items.iter().map(|(what, why)| format!("  {what}: {why}\n")).collect::<String>();
    if !cleanup.failed.is_empty() {
        return Err(Failure::Running(format!(
            "something that was made is left; run the same command again to try once more:\n{}",
            list(&cleanup.failed).trim_end()
        )));
    }
    let mut text = match cleanup.removed.len() {
        0 => "Nothing that was made here is left; there was nothing to remove.\n".to_owned(),
        1 => "Nothing that was made here is left; 1 thing was removed.\n".to_owned(),
        count => format!("Nothing that was made here is left; {count} things were removed.\n"),
    };
    if !cleanup.left.is_empty() {
        text.push_str(&format!("What is there and stays:\n{}", list(&cleanup.left)));
    }
    answer(&text)
}

fn show(book: &Book, is_json: bool, env_file: &str) -> Result<(), Failure> {
    if !book.is_there() {
        return Err(Failure::Usage(format!(
            "--config: {} is not there: `scaler-wm aws_hpc provision` writes it; or name another file",
            book.path().display()
        )));
    }
    if is_json {
        return answer(&format!("{:#}\n", json(book)));
    }
    let mut text = lines(book);
    if Path::new(env_file).exists() {
        text.push_str(&format!("\nThe names that it needs, for a shell: {}\n", sourcing(env_file)));
    }
    answer(&text)
}
