//! From keys to a verified proof: a chain with two accounts, some signed transfers, one batch, one root, against a running prover.
//!
//! `cargo run --release -p aludel-sdk --example payments -- http://127.0.0.1:7370 [IDEMPOTENCY_KEY]`

use std::error::Error;
use std::time::Duration;

use aludel_sdk::rollup::{
    AccountId, Action, Amount, BatchBuilder, BatchNumber, Chain, ChainId, Derivation, Entry, Epoch,
    L1Address, QueueItem, SealedBatch, Sequence, Signer, Statement, TokenId, Transaction, Window,
    transaction_version, verify_signatures,
};
use aludel_sdk::{Client, Expectations, State, SubmitOptions, Target, verify};

const CHAIN: ChainId = ChainId(4242);
const ETHER: TokenId = TokenId(0);
const ALICE: AccountId = AccountId(1);
const BOB: AccountId = AccountId(2);
const TRANSFERS: u32 = 5;

/// Keys in memory, with room for sixteen signatures. Wallets keep theirs in a `Keystore`, which never signs twice at one place, whatever happens.
fn key(counter: u64) -> Result<Signer, Box<dyn Error>> {
    let derivation = Derivation { seed: [42; 32], chain_id: CHAIN, counter };
    Ok(Signer::new(derivation, Window::new(Epoch(0), 4)?))
}

/// The sequencer's side: deposits that L1 has queued, transfers that a wallet has signed, and the batch of both.
fn batch(chain: &mut Chain) -> Result<SealedBatch, Box<dyn Error>> {
    let (mut alice, bob) = (key(0)?, key(1)?);
    let deposit = |key: &Signer, owner| {
        Entry::Queue(QueueItem::to_key(
            key.public_key().digest(),
            L1Address([owner; 20]),
            ETHER,
            Amount(1_000),
        ))
    };
    let mut entries = vec![deposit(&alice, 0xa1), deposit(&bob, 0xb0)];
    for sequence in 0..TRANSFERS {
        let signed = alice.sign(Transaction {
            chain_id: CHAIN,
            protocol_version: transaction_version(),
            from: ALICE,
            token: ETHER,
            fee: 1,
            sequence: Sequence(sequence),
            // The signer chooses it.
            epoch: Epoch(0),
            expiry: BatchNumber(1_000),
            action: Action::Transfer { to: BOB, amount: Amount(10) },
        })?;
        entries.push(Entry::Transaction(signed));
    }
    // Bob collects the fees.
    let mut builder = BatchBuilder::new(chain, BOB, entries.len())?;
    if let Some((_, why)) = builder.extend(entries, &verify_signatures).pop() {
        return Err(why.into());
    }
    Ok(builder.seal())
}

/// All of it, against the prover at `endpoint`; what is proven then.
pub async fn prove(endpoint: &str, idempotency_key: &str) -> Result<String, Box<dyn Error>> {
    let mut chain = Chain::genesis(CHAIN);
    let before = chain.checkpoint;
    let sealed = batch(&mut chain)?;
    // What the proof must say: from where to where this batch leads.
    let expected = Statement::new(CHAIN, before, chain.checkpoint);

    let client = Client::connect(endpoint).await?;
    let options = SubmitOptions::new(CHAIN.0, Target::Root, idempotency_key);
    let submitted = client.submit(&options, vec![sealed.to_bytes()]).await?;
    println!(
        "proof {}{}",
        submitted.proof.id,
        if submitted.existed { ", which was there already" } else { "" }
    );

    let mut updates = client.watch(&submitted.proof.id, 0);
    while let Some(update) = updates.next().await? {
        match update.progress {
            Some(progress) => println!("{:?}: {} of {}", progress.stage(), progress.done, progress.total),
            None => println!("{:?}", update.state()),
        }
    }

    let proof = client.wait(&submitted.proof.id, Duration::from_secs(60)).await?;
    if proof.state() != State::Succeeded {
        let why = proof.failure.map_or_else(|| format!("{:?}", proof.state), |failure| failure.message);
        return Err(why.into());
    }
    let artifact = proof.artifacts.first().ok_or("a proof that succeeded has an artifact")?;
    let bytes = client.fetch(&artifact.id).await?;
    let statement = verify(&bytes, &Expectations { chain_id: Some(CHAIN), statement: Some(expected) })?;
    Ok(format!(
        "verified: {} bytes prove batches {} to {} of chain {}, to state {}",
        bytes.len(),
        statement.prev.number.0 + 1,
        statement.next.number.0,
        statement.chain_id.0,
        statement.next.state_root,
    ))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let endpoint = arguments.next().ok_or("usage: payments ENDPOINT [IDEMPOTENCY_KEY]")?;
    let idempotency_key = arguments.next().unwrap_or_else(|| "payments example, batch 1".into());
    println!("{}", prove(&endpoint, &idempotency_key).await?);
    Ok(())
}
