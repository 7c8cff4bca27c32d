// Text of float32 values as Python prints them: the shortest decimal that reads
// back as the same value. Independent of the locale.
// Not here: the layout of prototxt and records (engine/model/prototxt.h).
#ifndef QUANTD_ENGINE_CONFIG_FLOAT_TEXT_H_
#define QUANTD_ENGINE_CONFIG_FLOAT_TEXT_H_

#include <string>

namespace quantd {

// As Python's repr(), for JSON and quant_param_record: always with a fraction
// or an exponent: "1.0", "-128.0", "0.9985902", "1e-10", "1e+16". Exponents
// below -4 or from 16 on are written out. "inf", "-inf", "nan" otherwise.
std::string PythonFloatText(float value);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_FLOAT_TEXT_H_
