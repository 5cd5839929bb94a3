//! What is asked of a server before any machine is.

use scaler_wm_aws::preflight::Look;
use scaler_wm_core::{Chain, Check};

use super::{
    OrbConfig,
    api::Api,
    http::{Http, connector},
};

/// Looks at the server and its template.
pub async fn orb_preflight(config: OrbConfig) -> Vec<Check> {
    let http = match Http::new(&config, connector()) {
        Ok(http) => http,
        Err(error) => return vec![Check::bad("orb server", Chain(&error).to_string(), "mend --orb-url")],
    };
    let api = Api { http };
    let url = api.http.url();
    // One after the other, as each needs the one before.
    let known = Look::default().within("reach the ORB server", api.check(&config)).await;
    let names = ["orb server", "orb token", "template"];
    let at = match &known {
        Ok(_) => names.len(),
        Err(error) => match error.operation() {
            "be let in by the ORB server" => 1,
            "find the template" => 2,
            _ => 0,
        },
    };
    let mut checks = Vec::with_capacity(names.len());
    let found = [format!("{url} answers"), "may ask for machines and return them".to_owned()];
    checks.extend(names.iter().zip(found).take(at).map(|(name, found)| Check::good(*name, found)));
    match known {
        Ok(known) => {
            let most = known.most().map_or_else(|| "any number".to_owned(), |most| most.to_string());
            let found = format!("`{}` allows {most} of machines at a time", config.template_id);
            checks.push(if known.is_weighted() {
                let todo = "fewer machines come than are asked for: give all machine_types the weight 1";
                Check::doubtful(names[2], format!("{found}; one may count for several"), todo)
            } else {
                Check::good(names[2], found)
            });
        }
        Err(error) => {
            let todo = ["start it, or mend --orb-url", "give another --orb-token", "mend --orb-template-id"][at];
            checks.push(Check::bad(names[at], Chain(&error).to_string(), todo));
            let why = format!("the {} comes first", names[at]);
            checks.extend(names.iter().skip(at + 1).map(|name| Check::skipped(*name, why.clone())));
        }
    }
    checks
}
