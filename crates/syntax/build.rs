//! Generates the parser from the grammar.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    let out_dir = std::env::var("OUT_DIR")?;
    lalrpop::Configuration::new()
        .set_out_dir(out_dir)
        .set_features([])
        .emit_rerun_directives(true)
        .process_file("promql.lalrpop")?;
    Ok(())
}
