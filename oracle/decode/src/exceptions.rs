//! Exceptions of every family, and tracebacks.

use twinheap_abi::*;

use crate::fields;
use crate::layouts::{ExceptionFamily, Layout, exception_family};
use crate::memory::Address;
use crate::walk::Decoder;

impl Decoder {
    pub(crate) fn write_exception(&mut self, address: Address, layout: Layout) {
        if layout == Layout::Traceback {
            let entry = address.view::<PyTracebackObject>();
            self.reference(fields::TB_NEXT, entry.tb_next.get());
            self.reference(fields::TB_FRAME, entry.tb_frame.get());
            self.signed(fields::TB_LASTI, i64::from(entry.tb_lasti.get()));
            self.signed(fields::TB_LINENO, i64::from(entry.tb_lineno.get()));
            return;
        }
        let exception = address.view::<PyBaseExceptionObject>();
        self.reference(fields::EXC_DICT, exception.dict.get());
        self.reference(fields::EXC_ARGS, exception.args.get());
        self.reference(fields::EXC_NOTES, exception.notes.get());
        self.reference(fields::EXC_TRACEBACK, exception.traceback.get());
        self.reference(fields::EXC_CONTEXT, exception.context.get());
        self.reference(fields::EXC_CAUSE, exception.cause.get());
        self.unsigned(
            fields::EXC_SUPPRESS_CONTEXT,
            u64::from(exception.suppress_context.get()),
        );
        self.write_family(address, exception_family(address.type_of()));
    }

    fn write_family(&mut self, address: Address, family: ExceptionFamily) {
        match family {
            ExceptionFamily::Plain => {}
            ExceptionFamily::Group => {
                let group = address.view::<PyBaseExceptionGroupObject>();
                self.reference(fields::GROUP_MSG, group.msg.get());
                self.reference(fields::GROUP_EXCS, group.excs.get());
            }
            ExceptionFamily::Syntax => {
                let error = address.view::<PySyntaxErrorObject>();
                self.reference(fields::SYNTAX_MSG, error.msg.get());
                self.reference(fields::SYNTAX_FILENAME, error.filename.get());
                self.reference(fields::SYNTAX_LINENO, error.lineno.get());
                self.reference(fields::SYNTAX_OFFSET, error.offset.get());
                self.reference(fields::SYNTAX_END_LINENO, error.end_lineno.get());
                self.reference(fields::SYNTAX_END_OFFSET, error.end_offset.get());
                self.reference(fields::SYNTAX_TEXT, error.text.get());
            }
            ExceptionFamily::Import => {
                let error = address.view::<PyImportErrorObject>();
                self.reference(fields::IMPORT_MSG, error.msg.get());
                self.reference(fields::IMPORT_NAME, error.name.get());
                self.reference(fields::IMPORT_PATH, error.path.get());
            }
            ExceptionFamily::Unicode => {
                let error = address.view::<PyUnicodeErrorObject>();
                self.reference(fields::UNICODE_ENCODING, error.encoding.get());
                self.reference(fields::UNICODE_OBJECT, error.object.get());
                self.signed(fields::UNICODE_START, error.start.get() as i64);
                self.signed(fields::UNICODE_END, error.end.get() as i64);
                self.reference(fields::UNICODE_REASON, error.reason.get());
            }
            ExceptionFamily::Exit => self.reference(
                fields::EXIT_CODE,
                address.view::<PySystemExitObject>().code.get(),
            ),
            ExceptionFamily::Os => {
                let error = address.view::<PyOSErrorObject>();
                self.reference(fields::OS_ERRNO, error.myerrno.get());
                self.reference(fields::OS_STRERROR, error.strerror.get());
                self.reference(fields::OS_FILENAME, error.filename.get());
                self.reference(fields::OS_FILENAME2, error.filename2.get());
                self.signed(fields::OS_WRITTEN, error.written.get() as i64);
            }
            ExceptionFamily::Stop => {
                self.reference(
                    fields::STOP_VALUE,
                    address.view::<PyStopIterationObject>().value.get(),
                );
            }
            ExceptionFamily::Name => {
                self.reference(
                    fields::NAME_NAME,
                    address.view::<PyNameErrorObject>().name.get(),
                );
            }
            ExceptionFamily::Attribute => {
                let error = address.view::<PyAttributeErrorObject>();
                self.reference(fields::ATTRIBUTE_OBJ, error.obj.get());
                self.reference(fields::ATTRIBUTE_NAME, error.name.get());
            }
        }
    }
}
