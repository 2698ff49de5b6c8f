//! What changes between two descriptors that those who use the first would notice.

use std::collections::BTreeMap;

use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorSet, ServiceDescriptorProto};

/// Of these files alone; the well-known types are not ours to break.
const OURS: &str = "aludel.";

fn files(set: &FileDescriptorSet) -> impl Iterator<Item = &prost_types::FileDescriptorProto> {
    set.file.iter().filter(|file| file.package().starts_with(OURS))
}

fn nested(prefix: &str, message: &DescriptorProto, all: &mut Vec<(String, DescriptorProto)>) {
    let name = format!("{prefix}.{}", message.name());
    message.nested_type.iter().for_each(|inner| nested(&name, inner, all));
    all.push((name, message.clone()));
}

fn messages(set: &FileDescriptorSet) -> BTreeMap<String, DescriptorProto> {
    let mut all = Vec::new();
    for file in files(set) {
        file.message_type.iter().for_each(|message| nested(file.package(), message, &mut all));
    }
    all.into_iter().collect()
}

/// Every enum, by its full name.
pub fn enums(set: &FileDescriptorSet) -> impl Iterator<Item = (String, EnumDescriptorProto)> {
    let inner = messages(set).into_iter().flat_map(|(name, message)| {
        message.enum_type.into_iter().map(move |of| (format!("{name}.{}", of.name()), of))
    });
    let outer = files(set).flat_map(|file| {
        file.enum_type.iter().map(|of| (format!("{}.{}", file.package(), of.name()), of.clone()))
    });
    outer.chain(inner)
}

/// Every service, by its full name.
pub fn services(set: &FileDescriptorSet) -> impl Iterator<Item = (String, ServiceDescriptorProto)> {
    files(set).flat_map(|file| {
        file.service.iter().map(|of| (format!("{}.{}", file.package(), of.name()), of.clone()))
    })
}

/// By name of what is promised, the promise.
fn promises(set: &FileDescriptorSet) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (name, message) in messages(set) {
        all.insert(name.clone(), "a message".to_owned());
        for field in &message.field {
            let oneof =
                field.oneof_index.and_then(|i| message.oneof_decl.get(i as usize)).map(|of| of.name());
            let said = format!(
                "{} {:?} {:?} {} json {} oneof {oneof:?} optional {}",
                field.name(),
                field.label(),
                field.r#type(),
                field.type_name(),
                field.json_name(),
                field.proto3_optional(),
            );
            all.insert(format!("{name} field {}", field.number()), said);
        }
    }
    for (name, of) in enums(set) {
        for value in &of.value {
            all.insert(format!("{name} value {}", value.number()), value.name().to_owned());
        }
    }
    for (name, of) in services(set) {
        for method in &of.method {
            let streams = (method.client_streaming(), method.server_streaming());
            let said = format!("{} -> {}, streams {streams:?}", method.input_type(), method.output_type());
            all.insert(format!("{name}.{}", method.name()), said);
        }
    }
    all
}

/// What `new` does not keep of `old`, a line each.
pub fn breaks(old: &FileDescriptorSet, new: &FileDescriptorSet) -> Vec<String> {
    let new = promises(new);
    let kept = |(name, said): &(String, String)| new.get(name) == Some(said);
    let broken = promises(old).into_iter().filter(|promise| !kept(promise));
    let line = |(name, said): (String, String)| match new.get(&name) {
        Some(other) => format!("{name}: was `{said}`, is `{other}`"),
        None => format!("{name}: was `{said}`, is gone"),
    };
    broken.map(line).collect()
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use prost_types::FileDescriptorProto;
    use prost_types::field_descriptor_proto::{Label, Type};

    use super::*;

    fn built() -> FileDescriptorSet {
        FileDescriptorSet::decode(aludel_proto::DESCRIPTORS).expect("is a set")
    }

    fn file<'a>(set: &'a mut FileDescriptorSet, name: &str) -> &'a mut FileDescriptorProto {
        let name = format!("aludel/prover/v1/{name}.proto");
        set.file.iter_mut().find(|file| file.name() == name).expect("is there")
    }

    fn message<'a>(set: &'a mut FileDescriptorSet, of: &str, name: &str) -> &'a mut DescriptorProto {
        file(set, of).message_type.iter_mut().find(|message| message.name() == name).expect("is there")
    }

    /// Each of these would break somebody; each is named.
    #[test]
    fn what_breaks_is_seen() {
        type Change = fn(&mut FileDescriptorSet);
        let changes: [(&str, Change); 14] = [
            ("Proof field 3: was `state", |s| drop(message(s, "proof", "Proof").field.remove(2))),
            ("Proof field 3: was `state", |s| message(s, "proof", "Proof").field[2].number = Some(99)),
            ("is `status", |s| message(s, "proof", "Proof").field[2].name = Some("status".into())),
            ("Uint64", |s| message(s, "proof", "Proof").field[9].set_type(Type::Uint64)),
            ("Repeated", |s| message(s, "proof", "Proof").field[0].set_label(Label::Repeated)),
            ("FailureClass", |s| {
                message(s, "proof", "Progress").field[0].type_name =
                    Some(".aludel.prover.v1.FailureClass".into());
            }),
            ("oneof None", |s| message(s, "input", "PushInputRequest").field[2].oneof_index = None),
            ("optional true", |s| message(s, "proof", "Proof").field[0].proto3_optional = Some(true)),
            ("Progress: was `a message`, is gone", |s| {
                file(s, "proof").message_type.retain(|message| message.name() != "Progress");
            }),
            ("State value 3: was `STATE_RUNNING`, is gone", |s| {
                let state = file(s, "proof").enum_type.iter_mut().find(|of| of.name() == "State");
                drop(state.expect("is there").value.remove(3));
            }),
            ("is `STATE_BUSY`", |s| {
                let state = file(s, "proof").enum_type.iter_mut().find(|of| of.name() == "State");
                state.expect("is there").value[3].name = Some("STATE_BUSY".into());
            }),
            ("Prover.GetProof: was", |s| drop(file(s, "service").service[0].method.remove(4))),
            ("streams (false, true)`, is", |s| {
                file(s, "service").service[0].method[7].server_streaming = Some(false);
            }),
            ("is gone", |s| file(s, "proof").package = Some("aludel.prover.v2".into())),
        ];
        for (says, change) in changes {
            let mut changed = built();
            change(&mut changed);
            let found = breaks(&built(), &changed);
            assert!(found.iter().any(|line| line.contains(says)), "{says}: {found:?}");
        }
    }

    #[test]
    fn additions_break_nothing() {
        let mut more = built();
        let proof = message(&mut more, "proof", "Proof");
        let mut field = proof.field[0].clone();
        (field.name, field.number, field.json_name) = (Some("more".into()), Some(99), Some("more".into()));
        proof.field.push(field);
        let mut other = file(&mut more, "proof").message_type[0].clone();
        other.name = Some("Other".into());
        file(&mut more, "proof").message_type.push(other);
        let mut method = file(&mut more, "service").service[0].method[0].clone();
        method.name = Some("Other".into());
        file(&mut more, "service").service[0].method.push(method);
        assert_eq!(breaks(&built(), &more), Vec::<String>::new());
        assert!(breaks(&more, &built()).len() > 3, "what was added and released stays");
        // Where something lies, and in which order, is nobody's business.
        let mut moved = built();
        moved.file.reverse();
        message(&mut moved, "proof", "Proof").field.reverse();
        assert_eq!(breaks(&built(), &moved), Vec::<String>::new());
    }
}
