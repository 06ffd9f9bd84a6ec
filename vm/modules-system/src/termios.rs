//! `termios` (`Modules/termios.c`): how a terminal behaves.

use crate::arguments::{descriptor, int, last_errno, pack};
use crate::prelude::*;
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use twinheap_objects::exceptions::PyExc_Exception;
use twinheap_objects::state::Global;

static ERROR: Global<Pointer<PyTypeObject>> = Global(Cell::new(null_mut()));

fn error_type() -> PyResult<Own<PyTypeObject>> {
    if let Some(made) = Field::own(&*ERROR) {
        return Ok(made);
    }
    let made = types::build_class_type("error", &PyExc_Exception, "termios")?;
    ERROR.put(Some(made.clone()));
    Ok(made)
}

/// The system's last error as the module's own exception.
fn failed() -> errors::Raised {
    let raise = || -> PyResult<errors::Raised> {
        let code = last_errno();
        let text = std::io::Error::from_raw_os_error(code).to_string();
        let text = text.split(" (os error").next().unwrap_or_default();
        let value = pack(vec![int(code)?, unicode::from_str(text)?.upcast()])?;
        Ok(errors::raise_object(&*error_type()?, Some(value)))
    };
    raise().unwrap_or_else(|raised| raised)
}

fn done(status: c_int) -> PyResult {
    if status < 0 {
        Err(failed())
    } else {
        Ok(none())
    }
}

fn attributes_of(fd: c_int) -> PyResult<libc::termios> {
    // SAFETY: the system fills the struct.
    unsafe {
        let mut mode: libc::termios = MaybeUninit::zeroed().assume_init();
        if libc::tcgetattr(fd, &mut mode) < 0 {
            return Err(failed());
        }
        Ok(mode)
    }
}

fn tcgetattr(_: &PyObject, fd: &PyObject) -> PyResult {
    let mode = attributes_of(descriptor(fd)?)?;
    let mut characters = Vec::new();
    for (at, character) in mode.c_cc.iter().enumerate() {
        let is_number = mode.c_lflag & libc::ICANON == 0 && (at == libc::VMIN || at == libc::VTIME);
        characters.push(if is_number {
            int(*character)?
        } else {
            bytes::from_slice(&[*character])?.upcast()
        });
    }
    // SAFETY: reads the struct.
    let (input, output) = unsafe { (libc::cfgetispeed(&mode), libc::cfgetospeed(&mode)) };
    let values = vec![
        int(mode.c_iflag)?,
        int(mode.c_oflag)?,
        int(mode.c_cflag)?,
        int(mode.c_lflag)?,
        int(input)?,
        int(output)?,
        list::from_vec(characters)?.upcast(),
    ];
    Ok(list::from_vec(values)?.upcast())
}

fn tcsetattr(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("tcsetattr", args.len(), 3, 3)?;
    let (fd, when) = (descriptor(args[0])?, long::as_int(args[1])?);
    let items = args[2].downcast_ref::<PyListObject>().map(list::items);
    let Some(&[input, output, control, local, ispeed, ospeed, characters]) = items else {
        return Err(type_error("tcsetattr, arg 3: must be 7 element list"));
    };
    let mut mode = attributes_of(fd)?;
    let flag = |object: &PyObject| long::as_long(object).map(|value| value as libc::tcflag_t);
    mode.c_iflag = flag(input)?;
    mode.c_oflag = flag(output)?;
    mode.c_cflag = flag(control)?;
    mode.c_lflag = flag(local)?;
    let (ispeed, ospeed) = (flag(ispeed)?, flag(ospeed)?);
    let characters = characters.downcast_ref::<PyListObject>().map(list::items);
    let Some(characters) = characters.filter(|found| found.len() == mode.c_cc.len()) else {
        return Err(type_error(format_args!(
            "tcsetattr: attributes[6] must be {} element list",
            mode.c_cc.len()
        )));
    };
    for (slot, value) in mode.c_cc.iter_mut().zip(characters) {
        let byte = value.downcast_ref::<PyBytesObject>().map(bytes::data_of);
        *slot = match byte {
            Some(&[byte]) => byte,
            _ if value.downcast_ref::<PyLongObject>().is_some() => {
                long::as_long(value)? as libc::cc_t
            }
            _ => {
                return Err(type_error(
                    "tcsetattr: elements of attributes must be characters or integers",
                ));
            }
        };
    }
    // SAFETY: the struct is complete.
    unsafe {
        if libc::cfsetispeed(&mut mode, ispeed) < 0 || libc::cfsetospeed(&mut mode, ospeed) < 0 {
            return Err(failed());
        }
        done(libc::tcsetattr(fd, when, &mode))
    }
}

fn number_call(
    name: &str,
    args: &[&PyObject],
    act: unsafe extern "C" fn(c_int, c_int) -> c_int,
) -> PyResult {
    call::check_positional(name, args.len(), 2, 2)?;
    let (fd, number) = (descriptor(args[0])?, long::as_int(args[1])?);
    // SAFETY: a descriptor and a number.
    done(unsafe { act(fd, number) })
}

fn tcsendbreak(_: &PyObject, args: &[&PyObject]) -> PyResult {
    number_call("tcsendbreak", args, libc::tcsendbreak)
}

fn tcflush(_: &PyObject, args: &[&PyObject]) -> PyResult {
    number_call("tcflush", args, libc::tcflush)
}

fn tcflow(_: &PyObject, args: &[&PyObject]) -> PyResult {
    number_call("tcflow", args, libc::tcflow)
}

fn tcdrain(_: &PyObject, fd: &PyObject) -> PyResult {
    // SAFETY: a descriptor.
    done(unsafe { libc::tcdrain(descriptor(fd)?) })
}

fn window(fd: c_int) -> PyResult<libc::winsize> {
    // SAFETY: the system fills the struct.
    unsafe {
        let mut size: libc::winsize = MaybeUninit::zeroed().assume_init();
        if libc::ioctl(fd, libc::TIOCGWINSZ, &mut size) < 0 {
            return Err(failed());
        }
        Ok(size)
    }
}

fn tcgetwinsize(_: &PyObject, fd: &PyObject) -> PyResult {
    let size = window(descriptor(fd)?)?;
    pack(vec![int(size.ws_row)?, int(size.ws_col)?])
}

fn tcsetwinsize(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("tcsetwinsize", args.len(), 2, 2)?;
    let fd = descriptor(args[0])?;
    let wrong = || type_error("tcsetwinsize, arg 2: must be a two-item sequence");
    if !abstract_::is_sequence(args[1]) || object::length(args[1])? != 2 {
        return Err(wrong());
    }
    let side =
        |at| -> PyResult<i64> { long::as_long(&*abstract_::get_sequence_item(args[1], at)?) };
    let (rows, columns) = (side(0)?, side(1)?);
    let mut size = window(fd)?;
    let fit = |value: i64| {
        u16::try_from(value).map_err(|_| overflow_error("winsize value(s) out of range."))
    };
    (size.ws_row, size.ws_col) = (fit(rows)?, fit(columns)?);
    // SAFETY: the struct is complete.
    done(unsafe { libc::ioctl(fd, libc::TIOCSWINSZ, &size) })
}

methods! {
    static FUNCTIONS:
    "tcgetattr" => o(tcgetattr, "($module, fd, /)");
    "tcsetattr" => fast(tcsetattr, "($module, fd, when, attributes, /)");
    "tcsendbreak" => fast(tcsendbreak, "($module, fd, duration, /)");
    "tcdrain" => o(tcdrain, "($module, fd, /)");
    "tcflush" => fast(tcflush, "($module, fd, queue, /)");
    "tcflow" => fast(tcflow, "($module, fd, action, /)");
    "tcgetwinsize" => o(tcgetwinsize, "($module, fd, /)");
    "tcsetwinsize" => fast(tcsetwinsize, "($module, fd, winsize, /)");
}

const NUMBERS: &[(&str, i64)] = &[
    ("B0", 0),
    ("B50", 1),
    ("B75", 2),
    ("B110", 3),
    ("B134", 4),
    ("B150", 5),
    ("B200", 6),
    ("B300", 7),
    ("B600", 8),
    ("B1200", 9),
    ("B1800", 10),
    ("B2400", 11),
    ("B4800", 12),
    ("B9600", 13),
    ("B19200", 14),
    ("B38400", 15),
    ("B57600", 4097),
    ("B115200", 4098),
    ("B230400", 4099),
    ("B460800", 4100),
    ("B500000", 4101),
    ("B576000", 4102),
    ("B921600", 4103),
    ("B1000000", 4104),
    ("B1152000", 4105),
    ("B1500000", 4106),
    ("B2000000", 4107),
    ("B2500000", 4108),
    ("B3000000", 4109),
    ("B3500000", 4110),
    ("B4000000", 4111),
    ("CBAUDEX", 4096),
    ("TCSANOW", 0),
    ("TCSADRAIN", 1),
    ("TCSAFLUSH", 2),
    ("TCIFLUSH", 0),
    ("TCOFLUSH", 1),
    ("TCIOFLUSH", 2),
    ("TCOOFF", 0),
    ("TCOON", 1),
    ("TCIOFF", 2),
    ("TCION", 3),
    ("IGNBRK", 1),
    ("BRKINT", 2),
    ("IGNPAR", 4),
    ("PARMRK", 8),
    ("INPCK", 16),
    ("ISTRIP", 32),
    ("INLCR", 64),
    ("IGNCR", 128),
    ("ICRNL", 256),
    ("IUCLC", 512),
    ("IXON", 1024),
    ("IXANY", 2048),
    ("IXOFF", 4096),
    ("IMAXBEL", 8192),
    ("OPOST", 1),
    ("OLCUC", 2),
    ("ONLCR", 4),
    ("OCRNL", 8),
    ("ONOCR", 16),
    ("ONLRET", 32),
    ("OFILL", 64),
    ("OFDEL", 128),
    ("NLDLY", 256),
    ("CRDLY", 1536),
    ("TABDLY", 6144),
    ("BSDLY", 8192),
    ("VTDLY", 16384),
    ("FFDLY", 32768),
    ("NL0", 0),
    ("NL1", 256),
    ("CR0", 0),
    ("CR1", 512),
    ("CR2", 1024),
    ("CR3", 1536),
    ("TAB0", 0),
    ("TAB1", 2048),
    ("TAB2", 4096),
    ("TAB3", 6144),
    ("XTABS", 6144),
    ("BS0", 0),
    ("BS1", 8192),
    ("VT0", 0),
    ("VT1", 16384),
    ("FF0", 0),
    ("FF1", 32768),
    ("CSIZE", 48),
    ("CSTOPB", 64),
    ("CREAD", 128),
    ("PARENB", 256),
    ("PARODD", 512),
    ("HUPCL", 1024),
    ("CLOCAL", 2048),
    ("CIBAUD", 269418496),
    ("CRTSCTS", 2147483648),
    ("CS5", 0),
    ("CS6", 16),
    ("CS7", 32),
    ("CS8", 48),
    ("ISIG", 1),
    ("ICANON", 2),
    ("XCASE", 4),
    ("ECHO", 8),
    ("ECHOE", 16),
    ("ECHOK", 32),
    ("ECHONL", 64),
    ("ECHOCTL", 512),
    ("ECHOPRT", 1024),
    ("ECHOKE", 2048),
    ("FLUSHO", 4096),
    ("NOFLSH", 128),
    ("TOSTOP", 256),
    ("PENDIN", 16384),
    ("IEXTEN", 32768),
    ("VINTR", 0),
    ("VQUIT", 1),
    ("VERASE", 2),
    ("VKILL", 3),
    ("VEOF", 4),
    ("VTIME", 5),
    ("VMIN", 6),
    ("VSWTC", 7),
    ("VSWTCH", 7),
    ("VSTART", 8),
    ("VSTOP", 9),
    ("VSUSP", 10),
    ("VEOL", 11),
    ("VREPRINT", 12),
    ("VDISCARD", 13),
    ("VWERASE", 14),
    ("VLNEXT", 15),
    ("VEOL2", 16),
    ("CBAUD", 4111),
    ("CDSUSP", 25),
    ("CEOF", 4),
    ("CEOL", 0),
    ("CEOT", 4),
    ("CERASE", 127),
    ("CFLUSH", 15),
    ("CINTR", 3),
    ("CKILL", 21),
    ("CLNEXT", 22),
    ("CQUIT", 28),
    ("CRPRNT", 18),
    ("CSTART", 17),
    ("CSTOP", 19),
    ("CSUSP", 26),
    ("CWERASE", 23),
    ("EXTA", 14),
    ("EXTB", 15),
    ("FIOASYNC", 21586),
    ("FIOCLEX", 21585),
    ("FIONBIO", 21537),
    ("FIONCLEX", 21584),
    ("FIONREAD", 21531),
    ("IOCSIZE_MASK", 1073676288),
    ("IOCSIZE_SHIFT", 16),
    ("NCC", 8),
    ("NCCS", 32),
    ("N_MOUSE", 2),
    ("N_PPP", 3),
    ("N_SLIP", 1),
    ("N_STRIP", 4),
    ("N_TTY", 0),
    ("TCFLSH", 21515),
    ("TCGETA", 21509),
    ("TCGETS", 21505),
    ("TCSBRK", 21513),
    ("TCSBRKP", 21541),
    ("TCSETA", 21510),
    ("TCSETAF", 21512),
    ("TCSETAW", 21511),
    ("TCSETS", 21506),
    ("TCSETSF", 21508),
    ("TCSETSW", 21507),
    ("TCXONC", 21514),
    ("TIOCCONS", 21533),
    ("TIOCEXCL", 21516),
    ("TIOCGETD", 21540),
    ("TIOCGICOUNT", 21597),
    ("TIOCGLCKTRMIOS", 21590),
    ("TIOCGPGRP", 21519),
    ("TIOCGSERIAL", 21534),
    ("TIOCGSOFTCAR", 21529),
    ("TIOCGWINSZ", 21523),
    ("TIOCINQ", 21531),
    ("TIOCLINUX", 21532),
    ("TIOCMBIC", 21527),
    ("TIOCMBIS", 21526),
    ("TIOCMGET", 21525),
    ("TIOCMIWAIT", 21596),
    ("TIOCMSET", 21528),
    ("TIOCM_CAR", 64),
    ("TIOCM_CD", 64),
    ("TIOCM_CTS", 32),
    ("TIOCM_DSR", 256),
    ("TIOCM_DTR", 2),
    ("TIOCM_LE", 1),
    ("TIOCM_RI", 128),
    ("TIOCM_RNG", 128),
    ("TIOCM_RTS", 4),
    ("TIOCM_SR", 16),
    ("TIOCM_ST", 8),
    ("TIOCNOTTY", 21538),
    ("TIOCNXCL", 21517),
    ("TIOCOUTQ", 21521),
    ("TIOCPKT", 21536),
    ("TIOCPKT_DATA", 0),
    ("TIOCPKT_DOSTOP", 32),
    ("TIOCPKT_FLUSHREAD", 1),
    ("TIOCPKT_FLUSHWRITE", 2),
    ("TIOCPKT_NOSTOP", 16),
    ("TIOCPKT_START", 8),
    ("TIOCPKT_STOP", 4),
    ("TIOCSCTTY", 21518),
    ("TIOCSERCONFIG", 21587),
    ("TIOCSERGETLSR", 21593),
    ("TIOCSERGETMULTI", 21594),
    ("TIOCSERGSTRUCT", 21592),
    ("TIOCSERGWILD", 21588),
    ("TIOCSERSETMULTI", 21595),
    ("TIOCSERSWILD", 21589),
    ("TIOCSER_TEMT", 1),
    ("TIOCSETD", 21539),
    ("TIOCSLCKTRMIOS", 21591),
    ("TIOCSPGRP", 21520),
    ("TIOCSSERIAL", 21535),
    ("TIOCSSOFTCAR", 21530),
    ("TIOCSTI", 21522),
    ("TIOCSWINSZ", 21524),
];

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("termios", FUNCTIONS, &[])?;
    module::add(&made, "error", error_type()?.as_object())?;
    for (name, value) in NUMBERS {
        module::add_int(&made, name, *value)?;
    }
    Ok(made)
}
