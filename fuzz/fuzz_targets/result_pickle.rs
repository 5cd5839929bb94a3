#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| scaler_wm_hostile::result_pickle(bytes));
