use std::path::Path;

use super::*;

fn layers(files: &[(&str, &str)], variables: &[(&str, &str)]) -> Layers {
    let file = |(path, text): &(&str, &str)| {
        (PathBuf::from(path), sources::parse(Path::new(path), text).expect("reads"))
    };
    let variable = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    Layers { files: files.iter().map(file).collect(), variables: variables.iter().map(variable).collect() }
}

#[test]
fn later_origins_win() {
    let files = [
        ("/etc/a.toml", "workers = 2\nlisten = '0.0.0.0:1'\ndrain = '5s'"),
        ("b.toml", "workers = 3\nlog_level = 'debug'"),
    ];
    let layers = layers(&files, &[("ALUDEL_LISTEN", "[::1]:2"), ("ALUDEL_OTHER", "x")]);
    let config = Config::of(&layers, &[(LOG_LEVEL, Some("warn".into())), (WORKERS, None)]).expect("reads");
    let found = [WORKERS, LISTEN, DRAIN, LOG_LEVEL, LOG_FORMAT].map(|setting| config.value(setting).clone());
    let expected = [
        ("3", Origin::File("b.toml".into())),
        ("[::1]:2", Origin::Variable("ALUDEL_LISTEN".into())),
        ("5s", Origin::File("/etc/a.toml".into())),
        ("warn", Origin::Flag),
        ("pretty", Origin::BuiltIn),
    ];
    assert_eq!(found, expected.map(|(text, origin)| Value { text: text.into(), origin }));
    assert_eq!(config.get::<u16>(WORKERS).expect("a number"), 3);
    assert_eq!(config.get::<Patience>(DRAIN).expect("a time"), Patience(std::time::Duration::from_secs(5)));
}

#[test]
fn what_is_wrong_names_its_origin() {
    let config =
        Config::of(&layers(&[("b.toml", "workers = 'many'\ndisk_quota = 'x'")], &[]), &[]).expect("reads");
    let told = config.get::<u16>(WORKERS).expect_err("no number").to_string();
    assert!(told.starts_with("workers = \"many\" (b.toml)"), "{told}");
    assert!(config.get::<Bytes>(DISK_QUOTA).expect_err("no size").to_string().contains("64GB"));
    for (text, expected) in
        [("worker = 1", "no setting worker"), ("workers = [1]", "must be"), ("=", "b.toml")]
    {
        let told = sources::parse(Path::new("b.toml"), text).expect_err("is refused").to_string();
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn defaults_are_of_their_sort() {
    let config = Config::of(&Layers::default(), &[]).expect("reads");
    for setting in [DISK_QUOTA, DISK_RESERVE, WORKER_MEMORY] {
        config.get::<Bytes>(setting).expect("bytes");
    }
    for setting in [KEEP_ENDED, STALL, DRAIN] {
        config.get::<Patience>(setting).expect("a time");
    }
    for setting in [MOST_JOBS, KEEP_ENDED_MOST] {
        config.get::<usize>(setting).expect("a number");
    }
    for setting in [LISTEN, HTTP_LISTEN] {
        config.get::<std::net::SocketAddr>(setting).expect("an address");
    }
    config.get::<aludel_circuits::Shape>(LARGEST_SHAPE).expect("a shape");
}
