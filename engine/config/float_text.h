// Text of float32 values: the shortest decimal that reads back as the same
// value, in the two layouts that AMCT's files use. Independent of the locale.
#ifndef QUANTD_ENGINE_CONFIG_FLOAT_TEXT_H_
#define QUANTD_ENGINE_CONFIG_FLOAT_TEXT_H_

#include <string>

namespace quantd {

// As protobuf's text format, for records: "1", "0.7", "1.07450986",
// "8.8625069e-07", "1e+06". At most 9 significant digits. Exponents below -4 or
// from the number of digits (at least 6) on are written out. "inf", "-inf",
// "nan" otherwise.
std::string RecordFloatText(float value);

// As Python's repr(), for JSON and quant_param_record: always with a fraction
// or an exponent: "1.0", "-128.0", "0.9985902", "1e-10", "1e+16". Exponents
// below -4 or from 16 on are written out.
std::string PythonFloatText(float value);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_FLOAT_TEXT_H_
